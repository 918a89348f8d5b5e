package dev.amikeeper.usage;

import static java.util.stream.Collectors.groupingBy;

import dev.amikeeper.ec2.Batches;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.usage.Usage.Answer;
import dev.amikeeper.usage.Usage.Finding;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.ImageUsageReport;
import software.amazon.awssdk.services.ec2.model.ImageUsageReportEntry;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceType;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeOptionRequest;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeRequest;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds out which other accounts use an image, with EC2's image usage reports. A report takes a day
 * or more; EC2 keeps it for 30 days.
 *
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html">How
 *     AMI usage reports work</a>
 */
final class UsageReports {
    private static final String NAME = "other accounts";
    private static final String TEMPLATES = "ec2:LaunchTemplate";
    private static final String DEPTH = "version-depth";
    private static final int IDS_A_CALL = 200;
    private static final int REQUESTS_AT_ONCE = 100;
    private static final Duration GOOD_FOR = Duration.ofDays(7);

    /** All kinds of users, including every version of a launch template. */
    static final List<ImageUsageResourceTypeRequest> ASKED_FOR =
            List.of(
                    ImageUsageResourceTypeRequest.builder().resourceType("ec2:Instance").build(),
                    ImageUsageResourceTypeRequest.builder()
                            .resourceType(TEMPLATES)
                            .resourceTypeOptions(
                                    ImageUsageResourceTypeOptionRequest.builder()
                                            .optionName(DEPTH)
                                            .optionValues(References.ALL_VERSIONS)
                                            .build())
                            .build());

    private static final Comparator<ImageUsageReport> OLDEST_FIRST =
            Comparator.comparing(ImageUsageReport::creationTime);

    private final Region region;
    private final Ec2Client client;
    private final ImageReads images;
    private final boolean mayRequest;
    private final Instant now;
    private int requests;
    private Optional<String> refused = Optional.empty();
    private final Map<String, String> unread = new HashMap<>();
    private final BooleanSupplier moreTime;

    UsageReports(
            Region region,
            Ec2Client client,
            ImageReads images,
            boolean mayRequest,
            Instant now,
            BooleanSupplier moreTime) {
        this.moreTime = moreTime;
        this.region = region;
        this.client = client;
        this.images = images;
        this.mayRequest = mayRequest;
        this.now = now;
    }

    /** Returns the findings about these images, which other accounts may launch. */
    Usage.Report probe(Collection<ImageId> shared) {
        List<ImageId> distinct = shared.stream().distinct().toList();
        Map<ImageId, Finding> findings = new LinkedHashMap<>();
        String permission = "ec2:DescribeImageUsageReports";
        try {
            Map<String, List<ImageUsageReport>> reports = reports(distinct);
            permission = "ec2:DescribeImageUsageReportEntries";
            Map<String, List<ImageUsageReportEntry>> entries = entries(reports);
            for (ImageId image : distinct) {
                findings.put(
                        image,
                        finding(image, reports.getOrDefault(image.value(), List.of()), entries));
            }
        } catch (SdkException error) {
            Finding unread = unknown(Fault.text(error, permission));
            distinct.forEach(image -> findings.put(image, unread));
        }
        return new Usage.Report(NAME, now, Map.of(), Optional.empty(), Optional.empty(), findings);
    }

    /** Reads every report about these images, by image. */
    private Map<String, List<ImageUsageReport>> reports(List<ImageId> shared) {
        List<ImageUsageReport> reports = new ArrayList<>();
        Batches.ask(
                shared,
                IDS_A_CALL,
                some ->
                        client.describeImageUsageReportsPaginator(request ->
                                        request.imageIds(
                                                some.stream().map(ImageId::value).toList()))
                                .imageUsageReports()
                                .forEach(reports::add),
                (image, error) -> unread.put(image.value(), Fault.text(error)));
        return reports.stream().collect(groupingBy(ImageUsageReport::imageId));
    }

    /** Reads the entries of the reports that count, by report. */
    private Map<String, List<ImageUsageReportEntry>> entries(
            Map<String, List<ImageUsageReport>> reports) {
        List<String> good =
                reports.values().stream()
                        .flatMap(ofImage -> counting(ofImage).stream())
                        .map(ImageUsageReport::reportId)
                        .toList();
        List<ImageUsageReportEntry> entries = new ArrayList<>();
        Batches.ask(
                good,
                IDS_A_CALL,
                some ->
                        client.describeImageUsageReportEntriesPaginator(
                                        request -> request.reportIds(some))
                                .imageUsageReportEntries()
                                .forEach(entries::add),
                (report, error) -> unread.put(report, Fault.text(error)));
        return entries.stream().collect(groupingBy(ImageUsageReportEntry::reportId));
    }

    private Finding finding(
            ImageId image,
            List<ImageUsageReport> reports,
            Map<String, List<ImageUsageReportEntry>> entries) {
        List<ImageUsageReport> counting = counting(reports);
        Optional<String> notRead =
                Stream.concat(
                                Stream.of(image.value()),
                                counting.stream().map(ImageUsageReport::reportId))
                        .flatMap(id -> Stream.ofNullable(unread.get(id)))
                        .findFirst();
        if (notRead.isPresent()) {
            return unknown(notRead.get());
        }
        if (counting.isEmpty()) {
            return unknown(withoutReport(image, reports));
        }
        List<String> users =
                counting.stream()
                        .flatMap(report ->
                                entries.getOrDefault(report.reportId(), List.of()).stream())
                        .filter(entry -> entry.usageCount() == null || entry.usageCount() > 0)
                        .map(UsageReports::user)
                        .distinct()
                        .toList();
        return new Finding(
                NAME,
                counting.getFirst().creationTime(),
                users.isEmpty() ? new Answer.Unused() : new Answer.Used(users));
    }

    private static String user(ImageUsageReportEntry entry) {
        return "account "
                + entry.accountId()
                + " ("
                + entry.resourceType()
                + ", "
                + entry.usageCount()
                + ")";
    }

    /**
     * The newest complete report of the last seven days, and all reports since then, oldest first.
     * Empty if there is none, because a report on only some accounts or kinds cannot prove that an
     * image is unused.
     */
    private List<ImageUsageReport> counting(List<ImageUsageReport> reports) {
        List<ImageUsageReport> available =
                reports.stream()
                        .filter(report -> "available".equals(report.state()))
                        .filter(report -> report.creationTime().isAfter(now.minus(GOOD_FOR)))
                        .sorted(OLDEST_FIRST)
                        .toList();
        return available.stream()
                .filter(UsageReports::looksEverywhere)
                .max(OLDEST_FIRST)
                .map(newest -> available.subList(available.indexOf(newest), available.size()))
                .orElse(List.of());
    }

    /** Whether a report is complete; a person may have requested one on less. */
    private static boolean looksEverywhere(ImageUsageReport report) {
        Set<String> kinds =
                report.resourceTypes().stream()
                        .map(ImageUsageResourceType::resourceType)
                        .collect(Collectors.toSet());
        return report.accountIds().isEmpty()
                && ASKED_FOR.stream().allMatch(it -> kinds.contains(it.resourceType()))
                && report.resourceTypes().stream()
                        .filter(kind -> TEMPLATES.equals(kind.resourceType()))
                        .allMatch(UsageReports::looksAtAllVersions);
    }

    /** If the report does not state a depth, EC2 has checked only some of the newest versions. */
    private static boolean looksAtAllVersions(ImageUsageResourceType templates) {
        return templates.resourceTypeOptions().stream()
                .filter(option -> DEPTH.equals(option.optionName()))
                .anyMatch(depth -> depth.optionValues().contains(References.ALL_VERSIONS));
    }

    private String withoutReport(ImageId image, List<ImageUsageReport> reports) {
        Optional<ImageUsageReport> pending =
                reports.stream().filter(report -> "pending".equals(report.state())).findFirst();
        if (pending.isPresent()) {
            return requestedAt(pending.get().creationTime());
        }
        String failed =
                reports.stream()
                        .max(OLDEST_FIRST)
                        .filter(report -> "error".equals(report.state()))
                        .map(report -> "; the last one failed: " + report.stateReason())
                        .orElse("");
        return mayRequest ? request(image) + failed : "no report of the last 7 days" + failed;
    }

    /**
     * Requests a report. EC2 needs one call per image, so there is a limit for each time that
     * images are checked; the next run continues.
     */
    private String request(ImageId image) {
        if (refused.isPresent()) {
            return refused.get();
        }
        if (requests == REQUESTS_AT_ONCE || !moreTime.getAsBoolean()) {
            return "no report of the last 7 days; a later run requests one";
        }
        requests++;
        try {
            images.requestUsageReport(region, image, ASKED_FOR);
            return requestedAt(now);
        } catch (SdkException error) {
            String why =
                    "a report could not be requested: "
                            + Fault.text(error, "ec2:CreateImageUsageReport");
            if (Fault.of(error).meetsEveryCall()) {
                refused = Optional.of(why);
            }
            return why;
        }
    }

    private static String requestedAt(Instant when) {
        return "a report on its use by other accounts was requested at "
                + when
                + "; it takes a day or more";
    }

    private Finding unknown(String why) {
        return new Finding(NAME, now, new Answer.Unknown(List.of(why)));
    }
}
