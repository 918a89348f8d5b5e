package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.CreateImageUsageReportRequest;
import software.amazon.awssdk.services.ec2.model.CreateImageUsageReportResponse;
import software.amazon.awssdk.services.ec2.model.DeleteImageUsageReportRequest;
import software.amazon.awssdk.services.ec2.model.DeleteImageUsageReportResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageUsageReportEntriesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageUsageReportEntriesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageUsageReportsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageUsageReportsResponse;
import software.amazon.awssdk.services.ec2.model.ImageUsageReport;
import software.amazon.awssdk.services.ec2.model.ImageUsageReportEntry;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceType;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeOption;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeRequest;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How other accounts use the images of one Region, and the reports about that. A report shows the
 * use at the time it was requested.
 *
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html">How
 *     AMI usage reports work</a>
 */
final class SimulatedUsageReports {
    private static final Duration KEPT_FOR = Duration.ofDays(30);
    private static final int MOST_IDS = 200;
    private static final int PAGE_UNLESS_ASKED = 100;
    private static final String PENDING = "pending";
    private static final String INSTANCE = "ec2:Instance";

    private static final Listing<Report> REPORTS =
            new Listing<>(
                    it -> it.report().reportId(),
                    _ -> List.of(),
                    Map.of("state", it -> Stream.of(it.report().state())));

    private static final Listing<ImageUsageReportEntry> ENTRIES =
            new Listing<>(
                    it -> it.reportId() + " " + it.accountId(),
                    _ -> List.of(),
                    Map.of(
                            "account-id", it -> Stream.of(it.accountId()),
                            "resource-type", it -> Stream.of(it.resourceType())));

    private final CloudCore core;
    private final SimulatedImages images;
    private final SortedMap<String, Report> reports = new TreeMap<>();

    /** The number of instances, by image and account. */
    private final Map<String, SortedMap<String, Integer>> users = new HashMap<>();

    SimulatedUsageReports(CloudCore core, SimulatedImages images) {
        this.core = core;
        this.images = images;
    }

    private record Report(ImageUsageReport report, List<ImageUsageReportEntry> entries) {
        Report in(String state) {
            return new Report(report.toBuilder().state(state).build(), entries);
        }

        Report failed() {
            return new Report(
                    report.toBuilder().state("error").stateReason("Internal error").build(),
                    List.of());
        }
    }

    void use(String image, String account, int instances) {
        SortedMap<String, Integer> byAccount = users.computeIfAbsent(image, _ -> new TreeMap<>());
        if (instances == 0) {
            byAccount.remove(account);
        } else {
            byAccount.put(account, instances);
        }
    }

    CreateImageUsageReportResponse create(CreateImageUsageReportRequest request) {
        LocalImage image = images.require(request.imageId());
        if (request.resourceTypes().isEmpty()) {
            throw Ec2Errors.wrong(
                    "MissingParameter", "The request must contain the parameter ResourceTypes");
        }
        if (reports.values().stream()
                .map(Report::report)
                .anyMatch(it -> it.imageId().equals(image.id()) && it.state().equals(PENDING))) {
            throw Ec2Errors.wrong(
                    "ResourceLimitExceeded", "A report on " + image.id() + " is under way.");
        }
        Instant now = core.timeline().instant();
        ImageUsageReport report =
                ImageUsageReport.builder()
                        .reportId(core.ids().next("amiur"))
                        .imageId(image.id())
                        .resourceTypes(
                                request.resourceTypes().stream()
                                        .map(SimulatedUsageReports::kind)
                                        .toList())
                        .accountIds(request.accountIds())
                        .state(PENDING)
                        .creationTime(now)
                        .expirationTime(now.plus(KEPT_FOR))
                        .build();
        String id = report.reportId();
        reports.put(id, new Report(report, entries(report)));
        core.timeline()
                .in(
                        core.settings().reportTime(),
                        () ->
                                reports.computeIfPresent(
                                        id,
                                        (_, it) ->
                                                core.settings().failsReports()
                                                        ? it.failed()
                                                        : it.in("available")));
        core.timeline().in(KEPT_FOR, () -> reports.remove(id));
        return CreateImageUsageReportResponse.builder().reportId(id).build();
    }

    DeleteImageUsageReportResponse delete(DeleteImageUsageReportRequest request) {
        if (reports.remove(request.reportId()) == null) {
            throw noReport(request.reportId());
        }
        return DeleteImageUsageReportResponse.builder().returnValue(true).build();
    }

    DescribeImageUsageReportsResponse describe(DescribeImageUsageReportsRequest request) {
        Listing.Page<Report> page =
                REPORTS.cut(
                        wanted(request.imageIds(), request.reportIds()),
                        request.filters(),
                        Objects.requireNonNullElse(request.maxResults(), PAGE_UNLESS_ASKED),
                        request.nextToken());
        return DescribeImageUsageReportsResponse.builder()
                .imageUsageReports(page.items().stream().map(Report::report).toList())
                .nextToken(page.nextToken())
                .build();
    }

    DescribeImageUsageReportEntriesResponse describe(
            DescribeImageUsageReportEntriesRequest request) {
        Stream<ImageUsageReportEntry> entries =
                wanted(request.imageIds(), request.reportIds())
                        .filter(it -> it.report().state().equals("available"))
                        .flatMap(it -> it.entries().stream());
        Listing.Page<ImageUsageReportEntry> page =
                ENTRIES.cut(
                        entries,
                        request.filters(),
                        Objects.requireNonNullElse(request.maxResults(), PAGE_UNLESS_ASKED),
                        request.nextToken());
        return DescribeImageUsageReportEntriesResponse.builder()
                .imageUsageReportEntries(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    private Stream<Report> wanted(List<String> imageIds, List<String> reportIds) {
        if (imageIds.size() > MOST_IDS || reportIds.size() > MOST_IDS) {
            throw Ec2Errors.invalidValue("At most " + MOST_IDS + " ids in one request.");
        }
        for (String id : reportIds) {
            if (!reports.containsKey(id)) {
                throw noReport(id);
            }
        }
        return reports.values().stream()
                .filter(it -> Listing.isAmong(imageIds, it.report().imageId()))
                .filter(it -> Listing.isAmong(reportIds, it.report().reportId()));
    }

    private List<ImageUsageReportEntry> entries(ImageUsageReport report) {
        if (report.resourceTypes().stream().noneMatch(it -> INSTANCE.equals(it.resourceType()))) {
            return List.of();
        }
        return users.getOrDefault(report.imageId(), new TreeMap<>()).entrySet().stream()
                .filter(use -> Listing.isAmong(report.accountIds(), use.getKey()))
                .map(use ->
                        ImageUsageReportEntry.builder()
                                .reportId(report.reportId())
                                .imageId(report.imageId())
                                .accountId(use.getKey())
                                .resourceType(INSTANCE)
                                .usageCount((long) use.getValue())
                                .reportCreationTime(report.creationTime())
                                .build())
                .toList();
    }

    private static ImageUsageResourceType kind(ImageUsageResourceTypeRequest asked) {
        return ImageUsageResourceType.builder()
                .resourceType(asked.resourceType())
                .resourceTypeOptions(
                        asked.resourceTypeOptions().stream()
                                .map(option ->
                                        ImageUsageResourceTypeOption.builder()
                                                .optionName(option.optionName())
                                                .optionValues(option.optionValues())
                                                .build())
                                .toList())
                .build();
    }

    private static RuntimeException noReport(String id) {
        return Ec2Errors.wrong(
                "InvalidImageUsageReportId.NotFound", "The report " + id + " does not exist");
    }
}
