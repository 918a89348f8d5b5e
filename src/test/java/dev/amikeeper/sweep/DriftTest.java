package dev.amikeeper.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** One image of one policy in one Region, and what of it differs from EC2. */
final class DriftTest {
    private static final Region HOME = new Region("us-east-1");
    private static final Region DR = new Region("us-west-2");
    private static final Instant SLOT = Instant.parse("2026-03-01T02:00:00Z");
    private static final Instant NOW = SLOT.plus(Duration.ofHours(6));
    private static final ImageId ID = new ImageId("ami-1");
    private static final SnapshotId SNAPSHOT = new SnapshotId("snap-1");
    private static final Image WAITING = Image.intent(name(SLOT), HOME, Trigger.SCHEDULED, SLOT);
    private static final Image CREATING = WAITING.started(ID, 1, SLOT);
    private static final Image AVAILABLE = CREATING.available(false, SLOT);

    private final Map<Region, Map<ImageName, Tombstone>> removed = new HashMap<>();
    private final Map<Region, List<Image>> copies = new HashMap<>();
    private final Set<String> refusing = new HashSet<>();
    private boolean closely;
    private final Map<ImageName, List<Snapshot>> orphans = new TreeMap<>();
    private final List<Image> records = new ArrayList<>();
    private final Map<ImageId, Ami> amis = new HashMap<>();
    private Optional<Policy> policy = policy("");
    private Instant now = NOW;

    @Test
    void nothingDiffersWhereEc2ShowsWhatTheRecordSays() {
        records.add(AVAILABLE);
        show("available");

        assertThat(gaps()).isEmpty();
    }

    @Test
    void whatWaitsAndWhatIsInTheMakingIsNoGap() {
        records.add(WAITING);
        assertThat(gaps()).isEmpty();

        records.set(0, CREATING);
        show("pending");
        assertThat(gaps()).isEmpty();
    }

    @Test
    void ec2IsDoneWithAnImage() {
        records.add(CREATING);

        for (String state : List.of("available", "failed", "disabled")) {
            Ami ami = show(state);
            assertThat(gaps()).containsExactly(new Gap.Finished(CREATING, ami));
        }
    }

    @Test
    void anImageMayTakeADayAndACopyTwo() {
        Image copy =
                Image.adopted(
                        name(SLOT), HOME, Optional.of(new ImageRef(DR, ID)), ID, 1, SLOT, SLOT);
        show("pending");

        records.add(CREATING);
        now = SLOT.plus(Drift.MAKING);
        assertThat(gaps()).isEmpty();
        now = now.plusSeconds(1);
        assertThat(gaps()).containsExactly(new Gap.Slow(CREATING));

        records.set(0, copy);
        assertThat(gaps()).isEmpty();
        now = SLOT.plus(Drift.COPYING).plusSeconds(1);
        assertThat(gaps()).containsExactly(new Gap.Slow(copy));
    }

    /** As status says it: 02:00, and six hours for making and copying. */
    @Test
    void aCopyIsSlowOnceItsSlotIsLateWhetherItIsMadeOrWaits() {
        policy = policy("schedule: {cron: \"0 2 * * *\"}");
        Image waiting = AVAILABLE.copyTo(HOME, SLOT);
        Image making = waiting.started(ID, 1, SLOT);
        show("pending");
        for (Image copy : List.of(waiting, making)) {
            records.clear();
            records.add(copy);
            now = SLOT.plus(Duration.ofHours(6)).minusSeconds(1);
            assertThat(gaps()).isEmpty();
            now = now.plusSeconds(1);
            assertThat(gaps()).containsExactly(new Gap.Slow(copy));
        }
    }

    /** It was asked for when its slot was late already. */
    @Test
    void aCopyThatIsMadeLongAfterItsSlotHasTheTimeOfAnyCopy() {
        policy = policy("schedule: {cron: \"0 2 * * *\"}");
        Instant begin = SLOT.plus(Duration.ofDays(3));
        Image making = AVAILABLE.copyTo(HOME, begin).started(ID, 1, begin);
        show("pending");
        records.add(making);

        now = begin.plus(Duration.ofHours(4));
        assertThat(gaps()).isEmpty();
        now = now.plusSeconds(1);
        assertThat(gaps()).containsExactly(new Gap.Slow(making));
    }

    /** Why it failed is told, and when it is tried again is known. */
    @Test
    void aCopyThatWaitsForItsNextTryIsNotSlow() {
        policy = policy("schedule: {cron: \"0 2 * * *\"}");
        records.add(
                AVAILABLE
                        .copyTo(HOME, SLOT)
                        .started(ID, 1, SLOT)
                        .again(SLOT.plus(Duration.ofDays(1)), "it failed", SLOT));
        now = SLOT.plus(Duration.ofHours(20));

        assertThat(gaps()).isEmpty();
    }

    @Test
    void whatEc2DoesNotListIsLookedAt() {
        Image disabling = AVAILABLE.disabling("no rule", List.of(), List.of(), SLOT);
        for (Image image :
                List.of(
                        CREATING,
                        AVAILABLE,
                        disabling,
                        disabling.disabledUntil(NOW, SLOT),
                        disabling.enabling(SLOT))) {
            records.clear();
            records.add(image);
            assertThat(gaps()).containsExactly(new Gap.Missing(image));
        }
    }

    @Test
    void whatWasGivenUpAndIsThereIsFound() {
        Image failed = CREATING.failed("no answer", SLOT);
        records.add(failed);
        assertThat(gaps()).isEmpty();

        show("failed");
        assertThat(gaps()).isEmpty();

        Ami ami = show("available");
        assertThat(gaps()).containsExactly(new Gap.Found(failed, ami));
    }

    @Test
    void anImageWithoutRecordIsAdopted() {
        for (String state : List.of("available", "disabled", "pending")) {
            Ami ami = show(state);
            Image adopted = Image.adopted(name(SLOT), HOME, Optional.empty(), ID, 1, SLOT, NOW);
            assertThat(gaps()).containsExactly(new Gap.UnknownImage(adopted, ami));
        }
        show("failed");
        assertThat(gaps()).isEmpty();
    }

    @Test
    void aCopyWithoutRecordIsAdoptedAsACopy() {
        ImageRef home = new ImageRef(DR, new ImageId("ami-9"));
        amis.put(ID, ami("available", name(SLOT).toString(), Optional.of(home)));

        assertThat(gaps())
                .singleElement()
                .isInstanceOfSatisfying(
                        Gap.UnknownImage.class,
                        gap -> assertThat(gap.adopted().home()).contains(home));
    }

    @Test
    void whatWasRemovedAndIsListedIsOnlyBackAfterAWhile() {
        show("available");
        bury(HOME, AVAILABLE, NOW.minus(Drift.FADING));
        assertThat(gaps()).isEmpty();

        now = NOW.plusSeconds(1);
        assertThat(gaps()).singleElement().isInstanceOf(Gap.Returned.class);

        show("pending");
        assertThat(gaps()).isEmpty();
    }

    @Test
    void anImageOfAnotherPolicyIsNotAdoptedHere() {
        ImageName other = new ImageName("silver", new InstanceId("i-1"), new Slot(SLOT));
        amis.put(ID, ami("available", other, other.toString(), Optional.empty()));

        assertThat(gaps()).isEmpty();
    }

    @Test
    void tagsThatDoNotSayWhatTheNameSaysAreForeign() {
        Ami renamed = ami("available", "my own", Optional.empty());
        Ami ours = ami("available", name(SLOT).toString(), Optional.empty());

        assertThat(TaggedAmis.of(List.of(renamed, ours)).foreign()).containsExactly(renamed);
        amis.put(ID, renamed);
        assertThat(gaps()).isEmpty();
    }

    @Test
    void aGoodImageWantsItsCopies() {
        policy = policy("replicate: {us-west-2: {}}");
        records.add(AVAILABLE);
        show("available");
        assertThat(gaps()).as("the Region is not known").isEmpty();

        copies.put(DR, List.of());
        Image copy = AVAILABLE.copyTo(DR, NOW);
        assertThat(gaps()).containsExactly(new Gap.Uncopied(copy));
        assertThat(Drift.doubtful(view())).containsEntry(DR, Set.of(copy.name()));

        copies.put(DR, List.of(copy.failed("twice", NOW)));
        assertThat(gaps()).as("a failed copy is a recorded one").isEmpty();

        copies.put(DR, List.of());
        bury(DR, copy, NOW);
        assertThat(gaps()).as("a removed copy is not made again").isEmpty();
    }

    @Test
    void whatIsNotGoodWantsNoCopy() {
        policy = policy("replicate: {us-west-2: {}}");
        copies.put(DR, List.of());
        records.add(AVAILABLE);
        show("disabled");

        assertThat(gaps()).hasOnlyElementsOfType(Gap.Switched.class);
    }

    @Test
    void onlyCopiesThatTheirRegionsRulesKeepAreWanted() {
        policy = policy("replicate: {us-west-2: {keep: {last: 2, atLeast: 1}}}");
        now = SLOT.plus(Duration.ofDays(5));
        for (int day = 0; day < 4; day++) {
            Instant slot = SLOT.plus(Duration.ofDays(day));
            ImageId id = new ImageId("ami-" + (day + 10));
            records.add(
                    Image.intent(name(slot), HOME, Trigger.SCHEDULED, slot)
                            .started(id, 1, slot)
                            .available(false, slot));
            amis.put(id, ami(id, "available", name(slot)));
        }
        copies.put(DR, List.of());
        assertThat(gaps())
                .containsExactlyInAnyOrder(
                        new Gap.Uncopied(records.get(2).copyTo(DR, now)),
                        new Gap.Uncopied(records.get(3).copyTo(DR, now)));

        copies.put(DR, List.of(records.get(3).copyTo(DR, now)));
        assertThat(gaps()).containsExactly(new Gap.Uncopied(records.get(2).copyTo(DR, now)));
    }

    @Test
    void somebodyDisabledAnImageOrEnabledItAgain() {
        Image disabled = AVAILABLE.disabledByOthers(true);

        records.add(AVAILABLE);
        Ami off = show("disabled");
        assertThat(gaps()).containsExactly(new Gap.Switched(AVAILABLE, off));
        records.set(0, disabled);
        assertThat(gaps()).isEmpty();

        Ami on = show("available");
        assertThat(gaps()).containsExactly(new Gap.Switched(disabled, on));
    }

    @Test
    void aRemovalIsFinishedWhenItsLeaseIsOverAndItsAmiGone() {
        Image retiring = AVAILABLE.retiring("no rule", List.of(SNAPSHOT), NOW);
        records.add(retiring);
        assertThat(gaps()).isEmpty();

        now = NOW.plus(Image.LEASE);
        assertThat(gaps()).containsExactly(new Gap.Unfinished(retiring));

        now = NOW.plus(Image.LEASE).plus(Drift.RUSH);
        assertThat(gaps()).as("the pruner goes on").isEmpty();

        now = NOW.plus(Image.LEASE);
        show("available");
        assertThat(gaps()).as("that needs the pruner's plan").isEmpty();
    }

    @Test
    void whatIsToBeEnabledAgainIs() {
        Image enabling = AVAILABLE.disabling("no rule", List.of(), List.of(), SLOT).enabling(NOW);
        records.add(enabling);
        show("disabled");

        assertThat(gaps()).containsExactly(new Gap.Returning(enabling));
        now = NOW.plus(Drift.RUSH);
        assertThat(gaps()).isEmpty();
    }

    @Test
    void anUnsharedImageIsTriedAgainWhenItIsTime() {
        policy = policy("share: {accounts: [\"111122223333\"]}");
        show("available");
        Image later = AVAILABLE.shareAgainAt(NOW.plusSeconds(1));

        records.add(AVAILABLE);
        assertThat(gaps()).containsExactly(new Gap.Unshared(AVAILABLE));
        records.set(0, later);
        assertThat(gaps()).isEmpty();
        now = NOW.plusSeconds(1);
        assertThat(gaps()).containsExactly(new Gap.Unshared(later));
        policy = policy("");
        records.set(0, AVAILABLE.nowShared(List.of(), List.of(), List.of()));
        assertThat(gaps()).isEmpty();
    }

    @Test
    void everyImageIsCheckedOnceAWeek() {
        records.add(AVAILABLE);
        show("available");
        int checked = 0;
        for (int i = 0; i < Drift.TURNS; i++) {
            now = now.plus(Drift.EVERY);
            checked += gaps().size();
        }

        assertThat(checked).isEqualTo(1);
    }

    @Test
    void snapshotsOfNoImageAreOrphansWhenTheyAreOld() {
        Snapshot snapshot = snapshot(SNAPSHOT, Map.of());
        RegionSnapshots used = new RegionSnapshots(List.of(show("available")), Set.of());
        used.add(snapshot);
        assertThat(used.orphans()).isEmpty();
        assertThat(used.byId()).isEmpty();
        assertThat(used.isEmpty()).isFalse();
        amis.clear();
        RegionSnapshots unused = new RegionSnapshots(List.of(), Set.of());
        unused.add(snapshot);
        orphans.putAll(unused.orphans());

        now = SLOT.plus(Drift.SNAPSHOT_AGE);
        assertThat(gaps()).isEmpty();
        now = now.plusSeconds(1);
        assertThat(gaps()).containsExactly(orphans(SNAPSHOT, false));
    }

    @Test
    void anImageThatIsRecordedMayStillNeedItsSnapshots() {
        orphans.put(name(SLOT), List.of(snapshot(SNAPSHOT, Map.of())));
        now = SLOT.plus(Duration.ofDays(2));

        records.add(WAITING);
        assertThat(gaps()).isEmpty();
        records.set(0, WAITING.failed("twice", SLOT));
        assertThat(gaps()).containsExactly(orphans(SNAPSHOT, false));
    }

    @Test
    void onlyWhatThePrunerOverlookedIsLitter() {
        SnapshotId overlooked = new SnapshotId("snap-2");
        SnapshotId held = new SnapshotId("snap-3");
        orphans.put(
                name(SLOT),
                List.of(
                        snapshot(SNAPSHOT, Map.of()),
                        snapshot(overlooked, Map.of()),
                        snapshot(held, Map.of(ImageTags.HOLD, "mine"))));
        now = SLOT.plus(Duration.ofDays(2));
        Image retiring = AVAILABLE.retiring("no rule", List.of(SNAPSHOT), SLOT);

        removed.put(
                HOME,
                Map.of(name(SLOT), new Tombstone(retiring, SLOT, "PruneFunction", "no rule")));
        assertThat(gaps())
                .containsExactlyInAnyOrder(
                        orphans(overlooked, true),
                        new Gap.Orphans(HOME, name(SLOT), List.of(SNAPSHOT, held), false));

        removed.put(
                HOME,
                Map.of(name(SLOT), new Tombstone(retiring, SLOT, "somebody else", "by hand")));
        assertThat(gaps())
                .containsExactly(
                        new Gap.Orphans(
                                HOME, name(SLOT), List.of(SNAPSHOT, overlooked, held), false));
    }

    @Test
    void snapshotsMayBeListedThatARemovalHasJustTaken() {
        orphans.put(name(SLOT), List.of(snapshot(SNAPSHOT, Map.of())));
        now = SLOT.plus(Duration.ofDays(2));

        bury(HOME, AVAILABLE, now.minus(Drift.FADING));
        assertThat(gaps()).isEmpty();
        bury(HOME, AVAILABLE, now.minus(Drift.FADING).minusSeconds(1));
        assertThat(gaps()).hasSize(1);
    }

    /** What others are known to do is looked for at once, not over a week. */
    @Test
    void everyNewImageIsLookedAtWhileOthersTakePermissionsAway() {
        policy = policy("share: {accounts: [\"111122223333\"]}");
        records.add(AVAILABLE.nowShared(List.of(), List.of(), List.of("111122223333")));
        show("available");
        assertThat(gaps()).isEmpty();

        closely = true;

        assertThat(gaps()).containsExactly(new Gap.Unchecked(records.getFirst()));
    }

    private List<Gap> gaps() {
        return Drift.of(view(), removed, Map.of());
    }

    private Drift.View view() {
        return new Drift.View(
                HOME,
                "gold",
                policy,
                records,
                TaggedAmis.of(amis.values()),
                orphans,
                copies,
                refusing,
                closely,
                now);
    }

    private Ami show(String state) {
        Ami ami = ami(ID, state, name(SLOT));
        amis.put(ID, ami);
        return ami;
    }

    private void bury(Region region, Image image, Instant at) {
        removed.put(
                region, Map.of(image.name(), new Tombstone(image, at, "PruneFunction", "no rule")));
    }

    private static Gap.Orphans orphans(SnapshotId id, boolean litter) {
        return new Gap.Orphans(HOME, name(SLOT), List.of(id), litter);
    }

    private static ImageName name(Instant slot) {
        return new ImageName("gold", new InstanceId("i-1"), new Slot(slot));
    }

    private static Ami ami(ImageId id, String state, ImageName name) {
        return ami(id, state, name, name.toString(), Optional.empty());
    }

    private static Ami ami(String state, String called, Optional<ImageRef> home) {
        return ami(state, name(SLOT), called, home);
    }

    private static Ami ami(String state, ImageName tagged, String called, Optional<ImageRef> home) {
        return ami(ID, state, tagged, called, home);
    }

    private static Ami ami(
            ImageId id, String state, ImageName tagged, String called, Optional<ImageRef> home) {
        return new Ami(
                id,
                HOME,
                called,
                AmiState.of(state),
                ImageTags.of(tagged, home, Map.of(), List.of()),
                List.of(SNAPSHOT),
                SLOT,
                "",
                Optional.empty(),
                Optional.empty(),
                false,
                false,
                Map.of());
    }

    private static Snapshot snapshot(SnapshotId id, Map<String, String> more) {
        Map<String, String> tags =
                new HashMap<>(ImageTags.of(name(SLOT), Optional.empty(), Map.of(), List.of()));
        tags.putAll(more);
        return new Snapshot(id, tags, SLOT, "completed", "vol-1");
    }

    private static Optional<Policy> policy(String more) {
        String yaml =
                """
                policies:
                  gold:
                    select: {tags: {backup: gold}}
                """
                        + more.indent(4);
        return Policies.parse(yaml, "policies.yaml", HOME, Application.regions(HOME)).find("gold");
    }
}
