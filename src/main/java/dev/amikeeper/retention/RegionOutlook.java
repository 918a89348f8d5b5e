package dev.amikeeper.retention;

import static java.util.stream.Collectors.groupingBy;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What would become of a policy's images in a Region if nobody used those that may go and nobody
 * had access to them. Such questions are too expensive to ask about all images, and can only keep
 * more. So no more images take a step towards removal than here.
 */
final class RegionOutlook {
    private final Policy policy;
    private final PrunePlan plan;
    private final List<Image> records;
    private final Map<InstanceId, List<Image>> byInstance;
    private final List<Image> homes;

    /**
     * @param records everything the catalogue holds for the policy in the Region
     * @param homes as for {@link PrunePlan#of(Policy, Region, List, List, Evidence)}
     */
    RegionOutlook(
            Policy policy,
            Region region,
            List<Image> records,
            List<Image> homes,
            Evidence evidence) {
        this.policy = policy;
        this.records = records;
        byInstance = records.stream().collect(groupingBy(image -> image.name().instance()));
        this.homes = homes;
        plan = PrunePlan.of(policy, region, records, homes, evidence);
    }

    Region region() {
        return plan.region();
    }

    /** The plan before anything was asked about single images. */
    PrunePlan plan() {
        return plan;
    }

    /** What follows for some of the candidates from what was asked about them. */
    record Checked(Evidence evidence, List<Verdict> verdicts) {
        public Checked {
            verdicts = List.copyOf(verdicts);
        }
    }

    /**
     * Judges some of the candidates anew. An instance's images are judged together, as in the plan
     * of all, so it does not matter with which others an image is asked about.
     *
     * @param asked what is known now about these candidates
     */
    Checked judge(Collection<Image> some, Evidence asked) {
        Set<Image> wanted = Set.copyOf(some);
        List<Image> withTheirs =
                wanted.stream()
                        .map(image -> image.name().instance())
                        .distinct()
                        .flatMap(instance -> byInstance.getOrDefault(instance, List.of()).stream())
                        .toList();
        return new Checked(
                asked,
                PrunePlan.of(policy, region(), withTheirs, homes, asked).verdicts().stream()
                        .filter(verdict -> wanted.contains(verdict.image()))
                        .toList());
    }

    /**
     * The plan of all images.
     *
     * @param asked what is known now about all candidates
     */
    PrunePlan judgeAll(Evidence asked) {
        return PrunePlan.of(policy, region(), records, homes, asked);
    }

    /** The plan once all candidates were judged anew, a few at a time. */
    PrunePlan with(Collection<Verdict> judged) {
        Map<Image, Verdict> anew =
                judged.stream().collect(Collectors.toMap(Verdict::image, verdict -> verdict));
        return plan.with(
                plan.verdicts().stream()
                        .map(verdict -> anew.getOrDefault(verdict.image(), verdict))
                        .toList());
    }

    /** The verdicts about all images but the candidates. They are final. */
    List<Verdict> settled() {
        Set<Image> open = Set.copyOf(plan.candidates());
        return plan.verdicts().stream().filter(verdict -> !open.contains(verdict.image())).toList();
    }
}
