package dev.amikeeper.retention;

import static dev.amikeeper.retention.RetentionCases.HOME;
import static dev.amikeeper.retention.RetentionCases.NO_LIMITS;
import static dev.amikeeper.retention.RetentionCases.ami;
import static dev.amikeeper.retention.RetentionCases.deprecated;
import static dev.amikeeper.retention.RetentionCases.image;
import static dev.amikeeper.retention.RetentionCases.keep;
import static dev.amikeeper.retention.RetentionCases.policy;
import static dev.amikeeper.retention.RetentionCases.retiring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.usage.Usage;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The words of a plan; {@link #old} is the older one of two images. */
final class PlanTextTest {
    private static final Instant NOW = Instant.parse("2026-03-05T05:00:00Z");

    private final Image old = image("2026-03-01T02:00:00Z");
    private final Image newest = image("2026-03-04T02:00:00Z");
    private final Map<ImageId, Ami> inEc2 = new HashMap<>();

    PlanTextTest() {
        shown(ami(old));
        shown(ami(newest));
    }

    @Test
    void whatStaysHasItsReasonsAndNoEvidence() {
        PruneReport.PruneLine line = line(plan("last: 2"), newest);

        assertThat(line)
                .isEqualTo(
                        new PruneReport.PruneLine(
                                "us-east-1",
                                "gold",
                                "i-1",
                                "2026-03-04T02:00:00Z",
                                id(newest).value(),
                                "keep",
                                List.of("number 1 of the newest images (last: 2)"),
                                "",
                                "",
                                List.of()));
    }

    @Test
    void whatGoesHasWhatEachProbeAnswered() {
        PruneReport.PruneLine line = line(plan("last: 1"), old);

        assertThat(line.verdict()).isEqualTo("remove");
        assertThat(line.next()).isEqualTo("gone");
        assertThat(line.evidence()).containsExactly("instances: UNUSED (" + NOW + ")");
    }

    @Test
    void whatWaitsForAnApprovalSaysWhatComesAfterIt() {
        PrunePlan removing = plan("last: 1").awaiting(List.of("too many"));
        PrunePlan disabling =
                plan(retiring(rules("last: 1"), stages(Optional.empty(), days(3)), false))
                        .awaiting(List.of("too many"));

        assertThat(line(removing, old).verdict()).isEqualTo("await approval");
        assertThat(line(removing, old).reasons())
                .containsExactly("no rule keeps it (last: 1, atLeast: 0)", "too many");
        assertThat(line(removing, old).next()).isEqualTo("removed");
        assertThat(line(disabling, old).next()).isEqualTo("disabled");
    }

    @Test
    void whatThisRunDeprecatesIsDeprecatedNextEachAtItsOwnTime() {
        PrunePlan plan =
                plan(
                        retiring(
                                rules("last: 2, atLeast: 1"),
                                stages(days(7), Optional.empty()),
                                true));

        assertThat(line(plan, newest).next()).isEqualTo("deprecated");
        assertThat(line(plan, newest).at()).isEqualTo("2026-03-11T02:00:00Z");
        assertThat(line(plan, old).at()).isEqualTo("2026-03-08T02:00:00Z");
    }

    @Test
    void otherUpkeepIsNotWhatComesNext() {
        PrunePlan plan =
                plan(
                        retiring(
                                rules("last: 2, atLeast: 1"),
                                stages(Optional.empty(), Optional.empty()),
                                true));

        assertThat(plan.upkeep()).isNotEmpty();
        assertThat(line(plan, newest).next()).isEmpty();
    }

    @Test
    void aDateThatEc2HasComesNextUnlessItIsPast() {
        shown(deprecated(ami(newest), NOW.plusSeconds(90)));
        shown(deprecated(ami(old), NOW.minusSeconds(90)));
        PrunePlan plan = plan("last: 2");

        assertThat(line(plan, newest).next()).isEqualTo("deprecated");
        assertThat(line(plan, newest).at()).isEqualTo("2026-03-05T05:01:30Z");
        assertThat(line(plan, old).next()).isEmpty();
        assertThat(line(plan, old).at()).isEmpty();
    }

    private PrunePlan plan(String rules) {
        return plan(rules(rules));
    }

    private PrunePlan plan(Policy policy) {
        Usage usage =
                Usage.of(List.of(new Usage.Report("instances", NOW, Map.of(), Optional.empty())));
        Map<ImageId, List<String>> nobody = Map.of(id(old), List.of(), id(newest), List.of());
        Evidence evidence =
                new Evidence(inEc2, usage, Optional.of(nobody), Set.of(), Optional.empty(), NOW);
        return PrunePlan.of(policy, HOME, List.of(old, newest), evidence);
    }

    private static PruneReport.PruneLine line(PrunePlan plan, Image image) {
        return PlanText.lines(plan)
                .filter(line -> line.image().equals(id(image).value()))
                .findFirst()
                .orElseThrow();
    }

    private static Policy rules(String words) {
        return policy(Optional.of(keep(words)), NO_LIMITS);
    }

    private static Policy.Retire stages(
            Optional<Duration> deprecateAfter, Optional<Duration> disableFor) {
        return new Policy.Retire(deprecateAfter, disableFor);
    }

    private static Optional<Duration> days(int days) {
        return Optional.of(Duration.ofDays(days));
    }

    private void shown(Ami ami) {
        inEc2.put(ami.id(), ami);
    }

    private static ImageId id(Image image) {
        return image.id().orElseThrow();
    }
}
