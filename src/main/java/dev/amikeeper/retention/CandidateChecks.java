package dev.amikeeper.retention;

import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.usage.Probes;
import dev.amikeeper.usage.Usage;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Checks that are made image by image: whom an image is shared with and who uses it. They are too
 * expensive to make for all images, so only images that may be removed are checked. Several Regions
 * may be checked at the same time.
 */
final class CandidateChecks {
    private static final Logger log = LoggerFactory.getLogger(CandidateChecks.class);

    /**
     * The share of the reading time, in percent, for reading launch permissions. They take one call
     * for each image; the other checks do not.
     */
    private static final int SHARING = 80;

    private final ImageReads images;
    private final Probes probes;
    private final Planner.PlannerRun run;
    private final Warnings warnings;
    private final AtomicInteger unlooked = new AtomicInteger();

    CandidateChecks(ImageReads images, Probes probes, Planner.PlannerRun run, Warnings warnings) {
        this.images = images;
        this.probes = probes;
        this.run = run;
        this.warnings = warnings;
    }

    /** The number of candidates that were not checked for lack of time. This run keeps them. */
    int unlooked() {
        return unlooked.get();
    }

    /**
     * Adds to the evidence what is too expensive to ask about any images but those that may be
     * removed.
     */
    Evidence asked(
            Policy policy,
            Region region,
            List<Image> candidates,
            Evidence evidence,
            TimeLeft timeLeft) {
        Map<ImageId, Sharing> sharing = sharing(region, candidates, timeLeft.share(SHARING));
        Map<ImageId, List<String>> permissions = permissions(policy, region, candidates, sharing);
        Evidence withPermissions = evidence.with(List.of(), permissions);
        List<Image> looked =
                candidates.stream()
                        .filter(image -> sharing.containsKey(image.id().orElseThrow()))
                        .toList();
        List<Usage.Report> answers =
                new ArrayList<>(probes.references(region, ids(looked.stream()), timeLeft::isAny));
        Set<ImageId> asked =
                answers.stream()
                        .flatMap(probe -> probe.asked().stream())
                        .flatMap(Set::stream)
                        .collect(Collectors.toSet());
        unlooked.addAndGet(
                (int) ids(candidates.stream()).stream().filter(id -> !asked.contains(id)).count());
        List<ImageId> shared = ids(looked.stream().filter(withPermissions::isShared));
        Usage.Report others =
                probes.otherAccounts(region, shared, run.mayRequest(), run.now(), timeLeft::isAny);
        answers.add(others);
        answers.forEach(probe -> warnings.blind(region, probe));
        others.own().values().stream()
                .flatMap(finding ->
                        finding.answer() instanceof Usage.Answer.Unknown(var because)
                                ? because.stream()
                                : Stream.empty())
                .filter(because -> because.contains("may not call"))
                .findFirst()
                .ifPresent(because -> warnings.blind(region, others.name(), because));
        return evidence.with(answers, permissions);
    }

    private static List<ImageId> ids(Stream<Image> images) {
        return images.flatMap(image -> image.id().stream()).toList();
    }

    /** Whom an image is shared with, or why that could not be read. */
    private sealed interface Sharing {
        record With(List<String> accounts) implements Sharing {}

        record Unread(SdkException error) implements Sharing {}
    }

    /**
     * Reads whom each image that is not yet disabled is shared with. It reads them one by one,
     * because EC2 has no bulk read for this. If an image is missing from the answer, there was no
     * time for it.
     */
    private Map<ImageId, Sharing> sharing(
            Region region, List<Image> candidates, TimeLeft timeLeft) {
        Map<ImageId, Sharing> sharing = new ConcurrentHashMap<>();
        List<ImageId> toRead = new ArrayList<>();
        for (Image image : candidates) {
            if (image.state() == ImageState.DISABLED) {
                sharing.put(image.id().orElseThrow(), new Sharing.With(List.of()));
            } else {
                toRead.add(image.id().orElseThrow());
            }
        }
        images.sideBySide(toRead, timeLeft::isAny, id -> sharing.put(id, read(region, id)));
        return sharing;
    }

    private Sharing read(Region region, ImageId id) {
        try {
            return new Sharing.With(images.permissions(region, id));
        } catch (SdkException error) {
            return new Sharing.Unread(error);
        }
    }

    /** The launch permissions that could be read. People are told about those that could not. */
    private Map<ImageId, List<String>> permissions(
            Policy policy, Region region, List<Image> candidates, Map<ImageId, Sharing> sharing) {
        Map<ImageId, List<String>> permissions = new HashMap<>();
        for (Image image : candidates) {
            ImageId id = image.id().orElseThrow();
            switch (sharing.get(id)) {
                case Sharing.With(List<String> accounts) -> {
                    permissions.put(id, accounts);
                    Set<String> beyond = new TreeSet<>(accounts);
                    beyond.removeAll(policy.share().all());
                    beyond.remove(ImageReads.EVERYBODY);
                    if (!beyond.isEmpty()) {
                        warnings.sharedBeyond(policy, image, beyond);
                    }
                }
                case Sharing.Unread(SdkException error) -> {
                    Fault fault = Fault.of(error);
                    if (fault == Fault.UNAVAILABLE || fault == Fault.NOT_FOUND) {
                        log.info("{} {} went away meanwhile", region, id);
                    } else {
                        warnings.blind(
                                region,
                                "launch permissions",
                                Fault.text(error, "ec2:DescribeImageAttribute"));
                    }
                }
                case null -> {
                    // There was no time to look at it, which is counted and told for all together.
                }
            }
        }
        return permissions;
    }
}
