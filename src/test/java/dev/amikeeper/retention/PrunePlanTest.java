package dev.amikeeper.retention;

import static dev.amikeeper.retention.RetentionCases.HOME;
import static dev.amikeeper.retention.RetentionCases.NO_LIMITS;
import static dev.amikeeper.retention.RetentionCases.ami;
import static dev.amikeeper.retention.RetentionCases.deprecated;
import static dev.amikeeper.retention.RetentionCases.guardedBy;
import static dev.amikeeper.retention.RetentionCases.image;
import static dev.amikeeper.retention.RetentionCases.inState;
import static dev.amikeeper.retention.RetentionCases.intent;
import static dev.amikeeper.retention.RetentionCases.keep;
import static dev.amikeeper.retention.RetentionCases.launched;
import static dev.amikeeper.retention.RetentionCases.policy;
import static dev.amikeeper.retention.RetentionCases.snapshots;
import static dev.amikeeper.retention.RetentionCases.storing;
import static dev.amikeeper.retention.RetentionCases.tagged;
import static dev.amikeeper.retention.RetentionCases.withTags;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.catalog.PruneMark;
import dev.amikeeper.catalog.UnfinishedPrune;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.Stored;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Policy.Limits;
import dev.amikeeper.policy.Policy.Replica;
import dev.amikeeper.retention.Reason.ReasonKind;
import dev.amikeeper.usage.Usage;
import dev.amikeeper.usage.Usage.Report;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The policy keeps the newest image; {@link #old} is the candidate. */
final class PrunePlanTest {
    private static final Instant NOW = Instant.parse("2026-03-05T05:00:00Z");

    private final List<Image> records = new ArrayList<>();
    private final Map<ImageId, Ami> inEc2 = new HashMap<>();
    private final Set<ImageRef> copySources = new HashSet<>();
    private final Map<ImageId, List<String>> permissions = new HashMap<>();
    private final Set<ImageId> unread = new HashSet<>();
    private Optional<Set<InstanceId>> imaged = Optional.of(Set.of(new InstanceId("i-1")));
    private PolicyPlan.PolicyFindings found =
            new PolicyPlan.PolicyFindings(Optional.of(1), Map.of(), List.of());
    private Usage usage = Usage.of(List.of(probe(Map.of(), Optional.empty())));
    private Policy policy = policy(Optional.of(keep("last: 1")), NO_LIMITS);

    private final Image old = given(image("2026-03-01T02:00:00Z"));
    private final Image newest = given(image("2026-03-04T02:00:00Z"));

    @Test
    void removesWhatNoRuleKeepsWithItsSnapshots() {
        assertThat(verdict(old))
                .isEqualTo(
                        new Verdict.Remove(
                                old, "no rule keeps it (last: 1, atLeast: 0)", snapshots(old)));
    }

    @Test
    void keepsWhatARuleKeeps() {
        assertThat(verdict(newest))
                .isEqualTo(
                        new Verdict.Kept(
                                newest,
                                List.of(
                                        new Reason(
                                                ReasonKind.LAST,
                                                "number 1 of the newest images (last: 1)"))));
    }

    @Test
    void everyInstanceHasItsOwnHistory() {
        Image other = given(image("i-2", Instant.parse("2020-01-01T00:00:00Z")));

        assertThat(kinds(other)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void withoutKeepNothingIsRemoved() {
        policy = policy(Optional.empty(), NO_LIMITS);

        assertThat(kinds(old)).containsExactly(ReasonKind.NO_RULES);
        assertThat(kinds(newest)).containsExactly(ReasonKind.NO_RULES);
    }

    @Test
    void aDrRegionHasItsOwnRules() {
        Region dr = new Region("us-west-2");
        Replica lasting = new Replica(Optional.empty(), Optional.of(keep("last: 2")));
        policy = policy(Optional.of(keep("last: 1")), NO_LIMITS, Map.of(dr, lasting));
        Image copy = copyOf(old, dr);
        Image newerCopy = copyOf(newest, dr);

        PrunePlan plan =
                PrunePlan.of(
                        policy,
                        dr,
                        List.of(copy, newerCopy),
                        evidence(
                                Map.of(
                                        copy.id().orElseThrow(), ami(copy),
                                        newerCopy.id().orElseThrow(), ami(newerCopy))));

        assertThat(plan.verdicts()).allMatch(Verdict.Kept.class::isInstance);
        assertThat(verdict(old)).isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void aHeldImageStays() {
        shown(tagged(ami(old), ImageTags.HOLD, "audit 2026"));

        assertThat(reasons(old))
                .containsExactly(new Reason(ReasonKind.HELD, "held by its tag amikeeper:hold"));
    }

    @Test
    void anEmptyHoldTagHoldsToo() {
        shown(tagged(ami(old), ImageTags.HOLD, ""));

        assertThat(kinds(old)).containsExactly(ReasonKind.HELD);
    }

    @Test
    void anImageWithoutOurTagsStays() {
        shown(withTags(ami(old), Map.of("Name", "web")));

        assertThat(reasons(old))
                .containsExactly(new Reason(ReasonKind.OTHER_TAGS, "its tags in EC2 are not ours"));
    }

    @Test
    void anImageWhoseTagsNameAnotherStays() {
        shown(withTags(ami(old), ami(newest).tags()));

        assertThat(reasons(old))
                .containsExactly(
                        new Reason(
                                ReasonKind.OTHER_TAGS,
                                "its tags in EC2 say gold/i-1/2026-03-04T02.00.00Z"));
    }

    @Test
    void anAdoptedRecordIsOneKeyOnly() {
        records.remove(old);
        Image adopted = given(RetentionCases.adopted(old));

        assertThat(verdict(adopted))
                .isEqualTo(
                        new Verdict.Await(
                                new Verdict.Remove(
                                        adopted,
                                        "no rule keeps it (last: 1, atLeast: 0)",
                                        snapshots(adopted)),
                                List.of(
                                        "its record was made from its tags, which are one key"
                                                + " only")));
    }

    @Test
    void anImageInUseStays() {
        usage = Usage.of(List.of(probe(Map.of(id(old), List.of("i-7")), Optional.empty())));

        assertThat(reasons(old)).containsExactly(new Reason(ReasonKind.IN_USE, "used by i-7"));
    }

    @Test
    void ofManyUsersTheFirstAreShown() {
        List<String> users = IntStream.rangeClosed(1, 7).mapToObj(i -> "i-" + i).toList();
        usage = Usage.of(List.of(probe(Map.of(id(old), users), Optional.empty())));

        assertThat(reasons(old))
                .containsExactly(
                        new Reason(
                                ReasonKind.IN_USE, "used by i-1, i-2, i-3, i-4, i-5 and 2 more"));
    }

    @Test
    void asManyUsersAsAreShownAreAll() {
        List<String> users = List.of("i-1", "i-2", "i-3", "i-4", "i-5");
        usage = Usage.of(List.of(probe(Map.of(id(old), users), Optional.empty())));

        assertThat(reasons(old))
                .containsExactly(new Reason(ReasonKind.IN_USE, "used by i-1, i-2, i-3, i-4, i-5"));
    }

    @Test
    void anImageWhoseUseIsUnknownStays() {
        usage = Usage.of(List.of(probe(Map.of(), Optional.of("denied"))));

        assertThat(reasons(old))
                .containsExactly(
                        new Reason(
                                ReasonKind.USE_UNKNOWN,
                                "whether it is used is not known: instances: denied"));
    }

    @Test
    void withoutAnyProbeNothingIsRemoved() {
        usage = Usage.of(List.of());

        assertThat(kinds(old)).containsExactly(ReasonKind.USE_UNKNOWN);
    }

    @Test
    void theSourceOfAWaitingCopyStays() {
        copySources.add(new ImageRef(HOME, id(old)));

        assertThat(reasons(old))
                .containsExactly(
                        new Reason(
                                ReasonKind.COPY_SOURCE,
                                "a copy of it is being made or waits, or may be"));
    }

    @Test
    void theSameIdInAnotherRegionIsAnotherSource() {
        copySources.add(new ImageRef(new Region("eu-west-1"), id(old)));

        assertThat(verdict(old)).isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void theNewestGoodImagesStayWhateverTheRulesSay() {
        policy = policy(Optional.of(keep("last: 1, atLeast: 2")), NO_LIMITS);

        assertThat(reasons(old))
                .containsExactly(
                        new Reason(
                                ReasonKind.AT_LEAST,
                                "number 2 of the newest good images (atLeast: 2)"));
    }

    @Test
    void anImageOfTheFutureStays() {
        Image future = given(image("2026-03-05T05:00:01Z"));

        assertThat(reasons(future))
                .containsExactly(
                        new Reason(
                                ReasonKind.FUTURE,
                                "its slot lies after this run's 2026-03-05T05:00:00Z"));
    }

    @Test
    void anImageOfTheFutureDoesNotStandInForTheNewest() {
        policy = policy(Optional.of(keep("last: 1, within: 1h, atLeast: 1")), NO_LIMITS);
        given(image("2099-01-01T00:00:00Z"));

        assertThat(kinds(newest))
                .containsExactly(ReasonKind.LAST, ReasonKind.WITHIN, ReasonKind.AT_LEAST);
    }

    @Test
    void anImageOfThisVeryMomentIsNotOfTheFuture() {
        Image current = given(image("2026-03-05T05:00:00Z"));

        assertThat(kinds(current)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void listsEveryReason() {
        records.clear();
        Image both = given(RetentionCases.adopted(newest));
        shown(withTags(ami(both), Map.of(ImageTags.HOLD, "")));
        copySources.add(new ImageRef(HOME, id(both)));
        usage = Usage.of(List.of());

        assertThat(kinds(both))
                .containsExactly(
                        ReasonKind.LAST,
                        ReasonKind.OTHER_TAGS,
                        ReasonKind.HELD,
                        ReasonKind.USE_UNKNOWN,
                        ReasonKind.COPY_SOURCE);
    }

    @Test
    void anIntentStays() {
        Image waiting = given(intent("i-1", NOW));

        assertThat(reasons(waiting))
                .containsExactly(new Reason(ReasonKind.REQUESTED, "not started yet"));
        assertThat(kinds(newest)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void anImageInTheMakingStays() {
        Image pending = given(intent("i-1", NOW).started(new ImageId("ami-9"), 1, NOW), "pending");

        assertThat(reasons(pending))
                .containsExactly(new Reason(ReasonKind.CREATING, "still being made"));
        assertThat(kinds(newest)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void aFailureStays() {
        Image failed = given(intent("i-1", NOW).failed("the instance\nis gone", NOW));

        assertThat(reasons(failed))
                .containsExactly(new Reason(ReasonKind.FAILED, "failed: the instance?is gone"));
        assertThat(kinds(newest)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void anImageThatEc2DoesNotShowStaysAndCountsForNothing() {
        inEc2.remove(id(newest));

        assertThat(reasons(newest))
                .containsExactly(
                        new Reason(ReasonKind.MISSING, "EC2 does not show it in us-east-1"));
        assertThat(kinds(old)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void anImageThatSomebodyDeregisteredCountsForNothing() {
        shown(inState(ami(newest), "deregistered"));

        assertThat(kinds(newest)).containsExactly(ReasonKind.MISSING);
        assertThat(kinds(old)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void anImageThatSomebodyDisabledStaysAndCountsForNothing() {
        shown(inState(ami(newest), "disabled"));

        assertThat(reasons(newest))
                .containsExactly(new Reason(ReasonKind.DISABLED, "disabled by somebody"));
        assertThat(kinds(old)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void anImageRecordedAsDisabledStaysAndCountsForNothing() {
        records.remove(newest);
        Image disabled = given(newest.disabledByOthers(true));

        assertThat(kinds(disabled)).containsExactly(ReasonKind.DISABLED);
        assertThat(kinds(old)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void anImageInAnotherStateStaysAndCountsForNothing() {
        shown(inState(ami(newest), "invalid"));

        assertThat(reasons(newest))
                .containsExactly(
                        new Reason(ReasonKind.NOT_AVAILABLE, "EC2 shows it as \"invalid\""));
        assertThat(kinds(old)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void aRemovalThatOnlyBeganGoesOn() {
        Image retiring = given(retiring(old));

        assertThat(verdict(retiring))
                .isEqualTo(
                        new Verdict.Remove(
                                retiring,
                                "no rule keeps it (last: 1, atLeast: 0)",
                                snapshots(old)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRemovalWithoutItsAmiIsFinishedWhateverTheRulesSay(boolean rules) {
        policy = policy(Optional.of(keep("last: 9")).filter(keep -> rules), NO_LIMITS);
        Image retiring = given(retiring(old));
        inEc2.remove(id(old));

        assertThat(verdict(retiring)).isEqualTo(new Verdict.Finish(retiring, snapshots(old)));
    }

    @Test
    void aRemovalWhoseAmiEc2StillShowsAsDeregisteredIsFinished() {
        Image retiring = given(retiring(old));
        shown(inState(ami(old), "deregistered"));

        assertThat(verdict(retiring)).isEqualTo(new Verdict.Finish(retiring, snapshots(old)));
    }

    @Test
    void theRemovalOfAnImageThatIsKeptAgainIsCalledOff() {
        policy = policy(Optional.of(keep("last: 2")), NO_LIMITS);
        Image retiring = given(retiring(old));

        assertThat(verdict(retiring))
                .isEqualTo(
                        new Verdict.CallOff(
                                retiring,
                                List.of(
                                        new Reason(
                                                ReasonKind.LAST,
                                                "number 2 of the newest images (last: 2)"))));
    }

    @Test
    void theRemovalOfAnImageThatCameIntoUseIsCalledOff() {
        usage = Usage.of(List.of(probe(Map.of(id(old), List.of("i-7")), Optional.empty())));
        Image retiring = given(retiring(old));

        assertThat(verdict(retiring))
                .isEqualTo(
                        new Verdict.CallOff(
                                retiring, List.of(new Reason(ReasonKind.IN_USE, "used by i-7"))));
    }

    @Test
    void aStepThatAnotherRunHasJustBegunIsLeftToIt() {
        Image retiring = given(old.retiring("no rule", snapshots(old), NOW.minusSeconds(1)));

        assertThat(verdict(retiring))
                .isEqualTo(
                        new Verdict.WaitUntil(
                                retiring,
                                NOW.minusSeconds(1).plus(Image.LEASE),
                                "another run is working on it"));
    }

    @ParameterizedTest
    @CsvSource({
        // 10 good images of which 9 are to go
        "9,    ,    ''",
        "10,   ,    ''",
        "8,    ,    'maxRemoveCount: 8'",
        "0,    ,    'maxRemoveCount: 0'",
        "    , 90,  ''",
        "    , 91,  ''",
        "    , 89,  'maxRemovePercent: 89'",
        "    , 0,   'maxRemovePercent: 0'",
        "9,    90,  ''",
        "9,    89,  'maxRemovePercent: 89'",
        "8,    90,  'maxRemoveCount: 8'",
        "8,    89,  'maxRemoveCount: 8 and maxRemovePercent: 89'",
    })
    void theBreakerAllowsExactlyItsLimits(
            @Nullable Integer count, @Nullable Integer percent, String over) {
        policy = policy(Optional.of(keep("last: 1")), limits(count, percent));
        givenMore(8);

        List<String> why =
                over.isEmpty()
                        ? List.of()
                        : List.of("would take 9 of 10 images away, more than " + over + " allows");
        assertThat(whole().alarms()).isEqualTo(why);
        assertThat(plan().verdicts())
                .filteredOn(Verdict.Remove.class::isInstance)
                .hasSize(why.isEmpty() ? 9 : 0);
    }

    /** Nine of ten images may go now. */
    @ParameterizedTest
    @CsvSource({
        "10, , 1, 0, 1, ''",
        "10, , 2, 0, 2, would take 11 of 12 images away",
        "10, , 2, 0, 0, would take 11 of 10 images away",
        "10, , 0, 10, 10, ''",
        "10, , 0, 11, 11, would take 11 of 21 images away",
        ", 90, 0, 0, 5, ''",
        ", 90, 1, 0, 1, would take 10 of 11 images away",
    })
    void toTheBreakerRunsThatGoOnWithEachOtherAreOne(
            @Nullable Integer count,
            @Nullable Integer percent,
            int begun,
            int ended,
            int gone,
            String over) {
        policy = policy(Optional.of(keep("last: 1")), limits(count, percent));
        givenMore(8);
        found = found.after(new UnfinishedPrune.Taken(begun, ended, gone));

        if (over.isEmpty()) {
            assertThat(whole().alarms()).isEmpty();
        } else {
            assertThat(whole().alarms()).singleElement().asString().startsWith(over);
        }
    }

    @Test
    void everyRemovalThatTheBreakerStopsSaysSo() {
        policy = policy(Optional.of(keep("last: 1")), limits(0, null));

        assertThat(verdict(old))
                .isInstanceOfSatisfying(
                        Verdict.Await.class,
                        await ->
                                assertThat(await.because())
                                        .containsExactly(
                                                "would take 1 of 2 images away, more than"
                                                        + " maxRemoveCount: 0 allows"));
        assertThat(kinds(newest)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void theBreakerDoesNotStopWhatRemovesNoImage() {
        policy = policy(Optional.of(keep("last: 1")), limits(0, 0));
        Image half = given(retiring(image("2026-02-01T02:00:00Z")));
        inEc2.remove(id(half));
        Image inUse = given(retiring(image("2026-02-02T02:00:00Z")));
        usage = Usage.of(List.of(probe(Map.of(id(inUse), List.of("i-7")), Optional.empty())));

        assertThat(whole().alarms()).isNotEmpty();
        assertThat(verdict(half)).isInstanceOf(Verdict.Finish.class);
        assertThat(verdict(inUse)).isInstanceOf(Verdict.CallOff.class);
    }

    @Test
    void whatIsNotGoodDoesNotRaiseTheBreakersLimit() {
        policy = policy(Optional.of(keep("last: 1")), limits(null, 40));
        given(intent("i-1", NOW));
        given(intent("i-2", NOW));

        assertThat(whole().alarms())
                .containsExactly(
                        "would take 1 of 2 images away, more than maxRemovePercent: 40 allows");
    }

    @Test
    void nothingToRemoveIsNeverTooMuch() {
        records.clear();
        policy = policy(Optional.of(keep("last: 1")), limits(0, 0));

        assertThat(plan().verdicts()).isEmpty();
        assertThat(whole().alarms()).isEmpty();
    }

    @Test
    void isDisabledFirstWhereThePolicySaysSo() {
        policy = retiring(Optional.of(Duration.ofDays(3)), false);

        assertThat(verdict(old))
                .isEqualTo(
                        new Verdict.Disable(
                                old,
                                "no rule keeps it (last: 1, atLeast: 0)",
                                Duration.ofDays(3),
                                snapshots(old)));
    }

    @Test
    void waitsForTheEndOfItsDwellAndGoesThen() {
        Image disabled = given(disabledUntil(NOW.plusSeconds(1)), "disabled");
        assertThat(verdict(disabled))
                .isEqualTo(new Verdict.WaitUntil(disabled, NOW.plusSeconds(1), disabled.note()));

        Image over = given(disabledUntil(NOW), "disabled");
        assertThat(verdict(over)).isEqualTo(new Verdict.Remove(over, over.note(), snapshots(over)));
    }

    @Test
    void comesBackWhenItIsNeededAgain() {
        Image disabled = given(disabledUntil(NOW), "disabled");

        usage = Usage.of(List.of(probe(Map.of(id(old), List.of("i-7")), Optional.empty())));
        assertThat(broughtBack(disabled)).containsExactly(ReasonKind.IN_USE);

        usage = Usage.of(List.of(probe(Map.of(), Optional.empty())));
        copySources.add(new ImageRef(HOME, id(old)));
        assertThat(broughtBack(disabled)).containsExactly(ReasonKind.COPY_SOURCE);

        copySources.clear();
        shown(inState(tagged(ami(old), ImageTags.HOLD, ""), "disabled"));
        assertThat(broughtBack(disabled)).containsExactly(ReasonKind.HELD);

        shown(inState(ami(old), "disabled"));
        policy = policy(Optional.of(keep("last: 2")), NO_LIMITS);
        assertThat(broughtBack(disabled)).containsExactly(ReasonKind.LAST);

        policy = policy(Optional.empty(), NO_LIMITS);
        assertThat(broughtBack(disabled)).containsExactly(ReasonKind.NO_RULES);
    }

    @Test
    void comesBackWhenSomebodyEnabledIt() {
        Image disabled = given(disabledUntil(NOW), "available");

        assertThat(broughtBack(disabled)).containsExactly(ReasonKind.ENABLED);
    }

    @Test
    void comesBackWhenTheImageInItsPlaceIsGone() {
        Image disabled = given(disabledUntil(NOW), "disabled");
        inEc2.remove(id(newest));

        assertThat(broughtBack(disabled)).containsExactly(ReasonKind.LAST);
    }

    @Test
    void aWayBackThatBeganIsFinishedWhateverTheRulesSay() {
        Image enabling = given(disabledUntil(NOW).enabling(NOW), "disabled");

        assertThat(verdict(enabling)).isEqualTo(new Verdict.CallOff(enabling, List.of()));
    }

    @Test
    void unknownUseNeitherRemovesNorBringsBack() {
        Image disabled = given(disabledUntil(NOW), "disabled");
        usage = Usage.of(List.of(probe(Map.of(), Optional.of("denied"))));

        assertThat(verdict(disabled))
                .isEqualTo(
                        new Verdict.WaitUntil(
                                disabled,
                                NOW,
                                "whether it is used is not known: instances: denied"));
    }

    @Test
    void aDisabledImageDoesNotCountForAtLeast() {
        policy = policy(Optional.of(keep("within: 1h, atLeast: 2")), NO_LIMITS);
        given(disabledUntil(NOW), "disabled");
        Image older = given(image("2026-02-01T02:00:00Z"));

        assertThat(kinds(older)).containsExactly(ReasonKind.AT_LEAST);
    }

    @Test
    void aSharedImageIsDisabledForAWeekAtLeast() {
        permissions.put(id(old), List.of("111122223333"));
        assertThat(dwell()).isEqualTo(Duration.ofDays(7));

        policy = retiring(Optional.of(Duration.ofDays(3)), false);
        assertThat(dwell()).isEqualTo(Duration.ofDays(7));

        policy = retiring(Optional.of(Duration.ofDays(8)), false);
        assertThat(dwell()).isEqualTo(Duration.ofDays(8));
    }

    /** The first look at a policy is made before launch permissions are read. */
    @Test
    void anImageThatIsRecordedAsSharedCountsAsSharedUntilItsPermissionsAreRead() {
        Image shared = given(inEast(image("2026-02-01T02:00:00Z"), true));
        Image returning =
                given(
                        disabledUntil(NOW, image("2026-02-02T02:00:00Z"), List.of("111122223333")),
                        "disabled");
        Evidence unread = new Evidence(inEc2, usage, Optional.empty(), copySources, imaged, NOW);
        PrunePlan first = PrunePlan.of(policy, HOME, records, unread);

        assertThat(first.candidates()).containsExactlyInAnyOrder(old, shared, returning);
        assertThat(first.verdicts())
                .filteredOn(Verdict.Disable.class::isInstance)
                .extracting(Verdict::image)
                .containsExactly(shared);
        assertThat(unread.isShared(returning)).isTrue();
        assertThat(unread.permissionsOf(shared)).isEmpty();

        Evidence read =
                unread.with(List.of(), Map.of(id(shared), List.of(), id(old), List.of("1")));
        assertThat(read.isShared(shared)).isFalse();
        assertThat(read.permissionsOf(old)).containsExactly("1");
        assertThat(read.isShared(old)).isTrue();
    }

    private static Image inEast(Image image, boolean shared) {
        return Image.intent(image.name(), HOME, Trigger.SCHEDULED, NOW)
                .started(id(image), 2, NOW)
                .available(shared, NOW);
    }

    @Test
    void anImageStaysWhoseLaunchPermissionsCouldNotBeRead() {
        unread.add(id(old));

        assertThat(kinds(old)).containsExactly(ReasonKind.USE_UNKNOWN);
    }

    @Test
    void nobodyAsksAboutAnImageThatStaysAnyway() {
        Report narrow =
                new Report("references", NOW, Map.of(), Optional.empty()).askedOnly(Set.of());
        usage = usage.and(List.of(narrow));
        unread.add(id(newest));

        assertThat(kinds(newest)).containsExactly(ReasonKind.LAST);
        assertThat(kinds(old)).containsExactly(ReasonKind.USE_UNKNOWN);
    }

    @Test
    void aPublicImageStays() {
        shown(launched(ami(old), Optional.empty(), true));

        assertThat(kinds(old)).containsExactly(ReasonKind.PUBLIC);
    }

    @Test
    void anImageThatWasLaunchedWithinAWeekStays() {
        Instant weekAgo = NOW.minus(Duration.ofDays(7));
        shown(launched(ami(old), Optional.of(weekAgo.plusSeconds(1)), false));
        assertThat(kinds(old)).containsExactly(ReasonKind.LAUNCHED);

        shown(launched(ami(old), Optional.of(weekAgo), false));
        assertThat(verdict(old)).isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void theOnlyProvenImageStays() {
        Image proven = given(old.proven(NOW));
        assertThat(kinds(proven)).containsExactly(ReasonKind.ONLY_PROVEN);

        given(newest.proven(NOW));
        assertThat(verdict(proven)).isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void whatIsOldEnoughToBeStoredStaysUntilThatIsDoneOrGivenUp() {
        policy = storing(policy, Duration.ofDays(4));
        assertThat(reasons(old))
                .containsExactly(new Reason(ReasonKind.TO_STORE, "waits to be stored in archive"));
        Stored waiting = Stored.waiting(new S3Object("archive", "ami-1.bin"), NOW);

        assertThat(kinds(given(with(waiting)))).containsExactly(ReasonKind.TO_STORE);
        assertThat(verdict(given(with(waiting.done(NOW))))).isInstanceOf(Verdict.Remove.class);
        assertThat(verdict(given(with(waiting.givenUp(Optional.empty(), "no", NOW)))))
                .isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void whatTheRulesLetGoBeforeItIsOldEnoughIsNotHeldBack() {
        policy = storing(policy, Duration.ofDays(5));

        assertThat(verdict(old)).isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void whatIsBeingStoredStaysWhateverThePolicySays() {
        Stored storing = Stored.waiting(new S3Object("archive", "ami-1.bin"), NOW).storing(NOW);

        assertThat(reasons(given(with(storing))))
                .containsExactly(
                        new Reason(
                                ReasonKind.STORING,
                                "being stored as s3://archive/ami-1.bin since " + NOW));
    }

    @Test
    void whatIsOnItsWayOutIsNotBroughtBackToBeStored() {
        policy = storing(policy, Duration.ofDays(4));
        Stored waiting = Stored.waiting(new S3Object("archive", "ami-1.bin"), NOW);
        Image disabled = old.disabling("", snapshots(old), List.of(), NOW).disabledUntil(NOW, NOW);

        assertThat(verdict(given(disabled, "disabled"))).isInstanceOf(Verdict.Remove.class);
        assertThat(verdict(given(disabled.inS3(Optional.of(waiting)), "disabled")))
                .isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void onlyWhatIsBeingStoredStaysWhenAPersonWantsItGone() {
        policy = storing(policy, Duration.ofDays(4));
        Stored waiting = Stored.waiting(new S3Object("archive", "ami-1.bin"), NOW);

        assertThat(byHand(old).against()).isEmpty();
        assertThat(byHand(old).overridden())
                .extracting(Reason::kind)
                .containsExactly(ReasonKind.TO_STORE);
        assertThat(byHand(given(with(waiting.storing(NOW)))).against())
                .extracting(Reason::kind)
                .containsExactly(ReasonKind.STORING);
    }

    private Image with(Stored stored) {
        return old.inS3(Optional.of(stored));
    }

    private ManualRemoval byHand(Image image) {
        return PrunePlan.byHand(policy, image, records, evidence(inEc2), false);
    }

    @Test
    void ofProvenImagesThatNoRuleKeepsTheNewestStays() {
        Image proven = given(old.proven(NOW));
        Image newer = given(image("2026-03-02T02:00:00Z").proven(NOW));

        assertThat(verdict(proven)).isInstanceOf(Verdict.Remove.class);
        assertThat(kinds(newer)).containsExactly(ReasonKind.ONLY_PROVEN);
    }

    @Test
    void aProvenImageMayGoWhereARuleKeepsAnOlderOne() {
        policy = policy(Optional.of(keep("weekly: 2")), NO_LIMITS);
        given(old.proven(NOW));
        Image sameWeekAsTheNewest = given(image("2026-03-02T02:00:00Z").proven(NOW));

        assertThat(verdict(sameWeekAsTheNewest)).isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void aProvenImageOnItsWayOutGoesOnWhileANewerOneIsGood() {
        Instant until = NOW.plusSeconds(1);
        Image leaving = given(disabledUntil(until).proven(NOW), "disabled");
        Image other = given(image("2026-03-02T02:00:00Z").proven(NOW));

        assertThat(verdict(leaving)).isInstanceOf(Verdict.WaitUntil.class);
        assertThat(kinds(other)).containsExactly(ReasonKind.ONLY_PROVEN);
    }

    @Test
    void ofProvenImagesOnTheirWayOutTheNewestComesBack() {
        Image older = given(disabledUntil(NOW).proven(NOW), "disabled");
        Image newer =
                given(
                        image("2026-03-02T02:00:00Z")
                                .proven(NOW)
                                .disabling("no rule", List.of(), List.of(), NOW)
                                .disabledUntil(NOW, NOW),
                        "disabled");

        assertThat(broughtBack(newer)).containsExactly(ReasonKind.ONLY_PROVEN);
        assertThat(verdict(older)).isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void theNewestCopyStaysWhileTheInstanceIsOrMayBeImaged() {
        Region dr = new Region("us-west-2");
        policy = policy(Optional.of(keep("within: 1h")), NO_LIMITS, Map.of(dr, DR_NONE));
        Image older = copyOf(old, dr);
        Image newer = copyOf(newest, dr);
        Image future =
                copyOf(given(image("i-1", NOW.plus(Duration.ofDays(1)))), dr)
                        .disabledByOthers(true);

        imaged = Optional.of(Set.of());
        assertThat(newestCopies(dr, older, newer, future)).isEmpty();
        imaged = Optional.of(Set.of(new InstanceId("i-1")));
        assertThat(newestCopies(dr, older, newer, future)).containsExactly(newer);
        assertThat(newestCopies(dr, future)).isEmpty();
        imaged = Optional.empty();
        assertThat(newestCopies(dr, older, newer, future)).containsExactly(newer);
    }

    private static final Replica DR_NONE = new Replica(Optional.empty(), Optional.empty());

    private List<Image> newestCopies(Region region, Image... copies) {
        Map<ImageId, Ami> amis = new HashMap<>();
        for (Image copy : copies) {
            amis.put(id(copy), ami(copy));
        }
        return PrunePlan.of(policy, region, List.of(copies), evidence(amis)).verdicts().stream()
                .filter(verdict ->
                        verdict instanceof Verdict.Kept(_, var reasons)
                                && reasons.stream()
                                        .anyMatch(
                                                reason -> reason.kind() == ReasonKind.NEWEST_COPY))
                .map(Verdict::image)
                .toList();
    }

    @Test
    void theNewestAreProtectedAndTheOthersFreed() {
        policy = retiring(Optional.empty(), true);
        Image guarded = given(old.guardedUntil(Image.IN_FORCE));
        shown(guardedBy(ami(old)));

        assertThat(kinds(guarded)).containsExactly(ReasonKind.PROTECTED);
        assertThat(plan().upkeep())
                .containsExactly(new Upkeep.Protect(newest), new Upkeep.Unprotect(guarded));
    }

    @Test
    void theCoolDownIsWaitedFor() {
        Image cooling = given(old.guardedUntil(NOW.plusSeconds(1)));
        assertThat(kinds(cooling)).containsExactly(ReasonKind.PROTECTED);

        Image free = given(old.guardedUntil(NOW));
        assertThat(verdict(free)).isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void protectionBySomebodyElseIsLeftAlone() {
        shown(guardedBy(ami(old)));

        assertThat(kinds(old)).containsExactly(ReasonKind.PROTECTED);
        assertThat(plan().upkeep()).isEmpty();
    }

    @Test
    void theDateOfDeprecationIsSetOnceAndCountsFromTheCreation() {
        policy =
                RetentionCases.retiring(
                        policy,
                        new Policy.Retire(Optional.of(Duration.ofDays(7)), Optional.empty()),
                        false);
        shown(deprecated(ami(old), ami(old).created().plus(Duration.ofDays(7)).plusSeconds(30)));

        assertThat(plan().upkeep())
                .containsExactly(
                        new Upkeep.Deprecate(
                                newest, ami(newest).created().plus(Duration.ofDays(7))));
    }

    @Test
    void whatCarriesOthersTagsIsNotTouched() {
        policy =
                RetentionCases.retiring(
                        policy,
                        new Policy.Retire(Optional.of(Duration.ofDays(7)), Optional.empty()),
                        true);
        shown(withTags(ami(old), Map.of()));
        shown(withTags(ami(newest), Map.of()));

        assertThat(plan().upkeep()).isEmpty();
    }

    @Test
    void theDigestNamesTheStepsAndNothingElse() {
        String digest = whole().digest();
        given(image("i-2", Instant.parse("2026-03-04T02:00:00Z")));
        assertThat(whole().digest()).isEqualTo(digest).matches("[0-9a-f]{16}");

        policy = retiring(Optional.of(Duration.ofDays(3)), false);
        String disabling = whole().digest();
        assertThat(disabling).isNotEqualTo(digest);

        given(image("i-2", Instant.parse("2026-03-01T02:00:00Z")));
        assertThat(whole().digest()).isNotIn(digest, disabling);
    }

    @Test
    void anApprovalIsForWhatWaits() {
        Image adopted = given(RetentionCases.adopted(image("2026-02-01T02:00:00Z")));
        String digest = whole().digest();
        records.remove(old);

        assertThat(whole().digest()).isEqualTo(digest);
        assertThat(whole().approved().plans().getFirst().verdicts())
                .anyMatch(verdict ->
                        verdict instanceof Verdict.Remove && verdict.image().equals(adopted));
    }

    @Test
    void nothingGoesWhenThePolicySelectsNothingAnyMore() {
        found = new PolicyPlan.PolicyFindings(Optional.of(0), Map.of(), List.of(mark(1, 2)));
        assertThat(whole().alarms()).containsExactly("the policy no longer selects any instance");
        assertThat(verdict(old)).isInstanceOf(Verdict.Await.class);

        found = new PolicyPlan.PolicyFindings(Optional.of(0), Map.of(), List.of(mark(0, 2)));
        assertThat(whole().alarms()).isEmpty();
        found = new PolicyPlan.PolicyFindings(Optional.of(0), Map.of(), List.of());
        assertThat(whole().alarms()).isNotEmpty();
        found = new PolicyPlan.PolicyFindings(Optional.empty(), Map.of(), List.of(mark(1, 2)));
        assertThat(whole().alarms()).isEmpty();

        records.remove(old);
        found = new PolicyPlan.PolicyFindings(Optional.of(0), Map.of(), List.of());
        assertThat(whole().alarms()).isEmpty();
    }

    @Test
    void nothingGoesWhereMoreThanHalfOfTheImagesIsMissing() {
        found =
                new PolicyPlan.PolicyFindings(
                        Optional.of(1), Map.of(HOME, 5), List.of(mark(1, 10)));
        assertThat(whole().alarms()).isEmpty();

        found =
                new PolicyPlan.PolicyFindings(
                        Optional.of(1), Map.of(HOME, 4), List.of(mark(1, 10)));
        assertThat(whole().alarms())
                .containsExactly("us-east-1 lists 4 of our images, of 10 after the last run");
    }

    @Test
    void whatBeginsToLeaveAndWhatLeavesForGoodIsCountedEachByItself() {
        policy = policy(Optional.of(keep("last: 1")), limits(1, null));
        Image gone = given(disabledUntil(NOW, image("2026-02-01T02:00:00Z")), "disabled");

        assertThat(whole().alarms()).isEmpty();
        assertThat(verdict(old)).isInstanceOf(Verdict.Remove.class);
        assertThat(verdict(gone)).isInstanceOf(Verdict.Remove.class);

        given(disabledUntil(NOW, image("2026-02-02T02:00:00Z")), "disabled");
        assertThat(whole().alarms()).hasSize(1);
    }

    /** It was counted by the run that began it. */
    @Test
    void aStepThatGoesOnIsNotCountedAgain() {
        policy = policy(Optional.of(keep("last: 1")), limits(1, null));
        Image half = given(retiring(image("2026-02-01T02:00:00Z")));

        assertThat(whole().alarms()).isEmpty();
        assertThat(verdict(half)).isInstanceOf(Verdict.Remove.class);
        assertThat(verdict(old)).isInstanceOf(Verdict.Remove.class);
    }

    @Test
    void whatCannotBeEnabledOrRemovedIsLeftAlone() {
        Image broken = given(disabledUntil(NOW), "error");

        assertThat(kinds(broken)).containsExactly(ReasonKind.DISABLED);
    }

    private static PruneMark mark(int selected, int listed) {
        return new PruneMark("gold", HOME, selected, listed);
    }

    private Image disabledUntil(Instant end) {
        return disabledUntil(end, old);
    }

    private static Image disabledUntil(Instant end, Image image) {
        return disabledUntil(end, image, List.of());
    }

    private static Image disabledUntil(Instant end, Image image, List<String> permissions) {
        Instant then = NOW.minus(Duration.ofDays(3));
        return image.disabling("no rule keeps it", snapshots(image), permissions, then)
                .disabledUntil(end, then);
    }

    private List<ReasonKind> broughtBack(Image image) {
        assertThat(verdict(image)).isInstanceOf(Verdict.CallOff.class);
        return ((Verdict.CallOff) verdict(image)).reasons().stream().map(Reason::kind).toList();
    }

    private Duration dwell() {
        assertThat(verdict(old)).isInstanceOf(Verdict.Disable.class);
        return ((Verdict.Disable) verdict(old)).dwell();
    }

    private static Policy retiring(Optional<Duration> disableFor, boolean protect) {
        return RetentionCases.retiring(
                policy(Optional.of(keep(protect ? "last: 1, atLeast: 1" : "last: 1")), NO_LIMITS),
                new Policy.Retire(Optional.empty(), disableFor),
                protect);
    }

    @Test
    void theOrderIsByInstanceAndNewestFirst() {
        Image other = given(image("i-0", Instant.parse("2026-02-01T02:00:00Z")));
        Image waiting = given(intent("i-1", Instant.parse("2026-03-03T02:00:00Z")));

        assertThat(plan().verdicts())
                .extracting(Verdict::image)
                .containsExactly(other, newest, waiting, old);
    }

    @Test
    void theOrderOfTheRecordsDoesNotMatter() {
        givenMore(20);
        PrunePlan plan = plan();
        List<Image> reversed = records.reversed();

        assertThat(PrunePlan.of(policy, HOME, reversed, evidence(inEc2))).isEqualTo(plan);
    }

    @Test
    void aRecordOfAnotherRegionHasNoPlaceInThePlan() {
        records.add(copyOf(old, new Region("us-west-2")));

        assertThatThrownBy(this::plan)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "gold/i-1/2026-03-01T02.00.00Z in us-west-2 has no place in a plan for"
                                + " gold in us-east-1, or comes twice");
    }

    @Test
    void aRecordOfAnotherPolicyHasNoPlaceInThePlan() {
        Image foreign =
                Image.intent(
                        new ImageName("silver", old.name().instance(), old.name().slot()),
                        HOME,
                        Trigger.SCHEDULED,
                        NOW);
        records.add(foreign);

        assertThatThrownBy(this::plan).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRecordThatComesTwiceWouldCountTwice() {
        records.add(retiring(newest));

        assertThatThrownBy(this::plan).isInstanceOf(IllegalArgumentException.class);
    }

    private PolicyPlan limited(PrunePlan plan) {
        return PolicyPlan.of(policy, List.of(plan), found);
    }

    private PolicyPlan whole() {
        return limited(PrunePlan.of(policy, HOME, records, evidence(inEc2)));
    }

    private PrunePlan plan() {
        return whole().plans().getFirst();
    }

    /** Nobody is shared with, unless a test says so. */
    private Evidence evidence(Map<ImageId, Ami> amis) {
        Map<ImageId, List<String>> read = new HashMap<>();
        amis.keySet().forEach(id -> read.put(id, List.of()));
        read.putAll(permissions);
        unread.forEach(read::remove);
        return new Evidence(amis, usage, Optional.of(read), copySources, imaged, NOW);
    }

    private Verdict verdict(Image image) {
        return plan().verdicts().stream()
                .filter(verdict -> verdict.image().equals(image))
                .findFirst()
                .orElseThrow();
    }

    private List<Reason> reasons(Image image) {
        assertThat(verdict(image)).isInstanceOf(Verdict.Kept.class);
        return Stream.of(verdict(image))
                .map(Verdict.Kept.class::cast)
                .flatMap(kept -> kept.reasons().stream())
                .toList();
    }

    private List<ReasonKind> kinds(Image image) {
        return reasons(image).stream().map(Reason::kind).toList();
    }

    private Image given(Image image) {
        return given(image, "available");
    }

    /** A record, in the place of an earlier one of the same image, and its AMI if it has one. */
    private Image given(Image image, String state) {
        records.removeIf(record -> record.name().equals(image.name()));
        records.add(image);
        if (image.id().isPresent()) {
            shown(inState(ami(image), state));
        }
        return image;
    }

    private void givenMore(int count) {
        for (int day = 1; day <= count; day++) {
            given(image("i-1", NOW.minus(Duration.ofDays(10L + day))));
        }
    }

    private void shown(Ami ami) {
        inEc2.put(ami.id(), ami);
    }

    private static Image retiring(Image image) {
        return image.retiring(
                "no rule keeps it (last: 1, atLeast: 0)", snapshots(image), NOW.minus(Image.LEASE));
    }

    private static Image copyOf(Image image, Region region) {
        return image.copyTo(region, NOW).started(id(image), 2, NOW).available(false, NOW);
    }

    private static ImageId id(Image image) {
        return image.id().orElseThrow();
    }

    private static Report probe(Map<ImageId, List<String>> users, Optional<String> unknown) {
        return new Report("instances", NOW, users, unknown);
    }

    private static Limits limits(@Nullable Integer count, @Nullable Integer percent) {
        return new Limits(Optional.ofNullable(percent), Optional.ofNullable(count));
    }
}
