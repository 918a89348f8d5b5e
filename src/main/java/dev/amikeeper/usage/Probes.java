package dev.amikeeper.usage;

import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;

import software.amazon.awssdk.services.autoscaling.AutoScalingClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ssm.SsmClient;

import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Finds what uses images, in bulk rather than once per image. A probe that fails or is denied says
 * so, and the answer is "unknown".
 */
public final class Probes {
    private final Function<Region, Ec2Client> ec2;
    private final Function<Region, AutoScalingClient> autoScaling;
    private final Function<Region, SsmClient> ssm;
    private final ImageReads images;
    private final InstantSource clock;

    /**
     * Creates the probes of any Region.
     *
     * @param images requests the reports on use by other accounts
     */
    public Probes(
            Function<Region, Ec2Client> ec2,
            Function<Region, AutoScalingClient> autoScaling,
            Function<Region, SsmClient> ssm,
            ImageReads images,
            InstantSource clock) {
        this.ec2 = ec2;
        this.autoScaling = autoScaling;
        this.ssm = ssm;
        this.images = images;
        this.clock = clock;
    }

    /**
     * Returns what uses the images of this Region, according to every probe that reads a Region in
     * pages. Several probes look at the same time.
     */
    public Usage usage(Region region) {
        List<Probe> probes = bulk().toList();
        Map<Probe, Usage.Report> reports = new ConcurrentHashMap<>();
        images.sideBySide(
                probes,
                () -> true,
                probe -> reports.put(probe, probe.report(region, clock.instant())));
        return Usage.of(
                probes.stream().map(probe -> Objects.requireNonNull(reports.get(probe))).toList());
    }

    /**
     * All probes that read a Region in pages; add a new one here. A plan names users in this order,
     * and only the first five: what tells an operator most comes before what follows from it.
     */
    private Stream<Probe> bulk() {
        return Stream.concat(
                Launches.probes(ec2).stream(),
                Stream.of(
                        ScalingGroups.probe(autoScaling),
                        Parameters.probe(ssm),
                        SnapshotLocks.probe(ec2, images)));
    }

    /**
     * Asks EC2 itself what names these images, ten per call. That is too expensive for images other
     * than those about to be removed, so this probe knows nothing about others.
     *
     * @param moreTime whether there is time to ask about more
     */
    public List<Usage.Report> references(
            Region region, Collection<ImageId> candidates, BooleanSupplier moreTime) {
        return List.of(References.of(images, region, candidates, clock.instant(), moreTime));
    }

    /**
     * Returns which other accounts use these images. An image that is not among them is shared with
     * nobody, so it counts as not used by others.
     *
     * @param sharedCandidates images about to be removed that other accounts may launch
     * @param now the run's time, which decides whether a report is too old
     * @param mayRequest whether to request missing reports from EC2, which is a write
     * @param moreTime whether there is time for more requests
     */
    public Usage.Report otherAccounts(
            Region region,
            Collection<ImageId> sharedCandidates,
            boolean mayRequest,
            Instant now,
            BooleanSupplier moreTime) {
        return new UsageReports(region, ec2.apply(region), images, mayRequest, now, moreTime)
                .probe(sharedCandidates);
    }
}
