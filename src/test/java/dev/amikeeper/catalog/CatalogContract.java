package dev.amikeeper.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.util.Objects.requireNonNull;

import dev.amikeeper.image.Freeze;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.ServerCommand;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Stored;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** What the catalogue does, whatever plays DynamoDB. */
abstract class CatalogContract {
    private static final Region EAST = new Region("us-east-1");
    private static final Region WEST = new Region("us-west-2");
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:05Z");
    private static final Instant LATER = NOW.plusSeconds(3600);
    private static final ImageId AMI = new ImageId("ami-1");

    private String table;
    private Catalog catalog;

    abstract DynamoDbClient dynamoDb();

    /** The name of an empty table. */
    abstract String freshTable();

    @BeforeEach
    void begin() {
        table = freshTable();
        catalog = catalog("123456789012");
    }

    private Catalog catalog(String account) {
        return new DynamoDbCatalog(dynamoDb(), table, account, pause -> {}, new Random(1));
    }

    @Test
    void recordsAnIntentOnce() {
        Image intent = intent("gold", "i-1", "2026-03-01T02:00:00Z");

        assertThat(catalog.request(List.of(intent))).containsExactly(intent);
        assertThat(catalog.request(List.of(intent))).isEmpty();
        assertThat(catalog.find(EAST, intent.name())).contains(intent);
        assertThat(waiting(EAST, Work.CREATE_WAITING)).containsExactly(intent);
    }

    @Test
    void followsAFreezeUntilItIsOver() {
        Image intent = intent("gold", "i-1", "2026-03-01T02:00:00Z");
        Freeze freeze =
                Freeze.of(
                        intent,
                        new ServerCommand(
                                "Freeze",
                                Map.of("Level", List.of("2"), "Paths", List.of("/a", "/b")),
                                Duration.ofMinutes(2)),
                        Optional.of(new ServerCommand("Thaw", Map.of(), Duration.ofMinutes(3))),
                        NOW);

        assertThat(catalog.begin(freeze)).isTrue();
        assertThat(catalog.begin(freeze)).isFalse();
        assertThat(catalog.freezes(EAST)).containsExactly(freeze);
        Freeze thawing = freeze.thawing(true, NOW.plusSeconds(60));
        assertThat(catalog.save(freeze, thawing)).isTrue();
        assertThat(catalog.save(freeze, thawing)).isFalse();
        assertThat(catalog.freezes(EAST)).containsExactly(thawing);
        catalog.end(thawing);
        catalog.end(thawing);
        assertThat(catalog.freezes(EAST)).isEmpty();
    }

    @Test
    void recordsTheNewIntentsAmongOldOnes() {
        List<Image> all =
                IntStream.range(0, 80)
                        .mapToObj(i -> intent("gold", "i-" + i, "2026-03-01T02:00:00Z"))
                        .toList();
        catalog.request(List.of(all.get(3), all.get(40), all.get(79)));

        assertThat(catalog.request(all)).hasSize(77);
        assertThat(waiting(EAST, Work.CREATE_WAITING)).hasSize(80);
    }

    @Test
    void takesAnIntentNamedTwiceOnce() {
        Image intent = intent("gold", "i-1", "2026-03-01T02:00:00Z");

        assertThat(catalog.request(List.of(intent, intent))).containsExactly(intent);
    }

    @Test
    void answersWhatWaitsOldestSlotFirst() {
        Image late = intent("gold", "i-1", "2026-03-01T03:00:00Z");
        Image early = intent("silver", "i-2", "2026-03-01T01:00:00Z");
        catalog.request(List.of(late, early));

        assertThat(waiting(EAST, Work.CREATE_WAITING)).containsExactly(early, late);
        assertThat(catalog.work(EAST, Work.CREATE_WAITING, NOW, 1)).containsExactly(early);
        assertThat(waiting(WEST, Work.CREATE_WAITING)).isEmpty();
    }

    @Test
    void answersNothingThatIsNotDueYet() {
        Image intent = requested("i-1");
        Image again = intent.again(NOW.plusSeconds(60), "it failed", NOW);
        catalog.save(Change.of(intent, again));

        assertThat(waiting(EAST, Work.CREATE_WAITING)).isEmpty();
        assertThat(catalog.work(EAST, Work.CREATE_WAITING, NOW.plusSeconds(60), 1))
                .containsExactly(again);
    }

    @Test
    void saysWhetherSomethingIsDue() {
        Image first = intent("gold", "i-1", "2026-03-01T01:00:00Z");
        Image later =
                intent("gold", "i-2", "2026-03-01T01:00:00Z")
                        .startingAt(NOW.plusSeconds(60), "its turn");
        catalog.request(List.of(first.startingAt(NOW.plusSeconds(90), "its turn"), later));

        assertThat(catalog.hasWork(EAST, Work.CREATE_WAITING, NOW.plusSeconds(59))).isFalse();
        assertThat(catalog.hasWork(EAST, Work.CREATE_WAITING, NOW.plusSeconds(60))).isTrue();
        assertThat(catalog.hasWork(EAST, Work.COPY_WAITING, NOW.plusSeconds(90))).isFalse();
        assertThat(catalog.hasWork(WEST, Work.CREATE_WAITING, NOW.plusSeconds(90))).isFalse();
        assertThat(catalog.work(EAST, Work.CREATE_WAITING, NOW.plusSeconds(60), 2))
                .containsExactly(later);
    }

    @Test
    void findsAStartedImageByItsId() {
        Image started = started("i-1", AMI);

        assertThat(catalog.find(EAST, AMI)).contains(started);
        assertThat(catalog.find(WEST, AMI)).isEmpty();
        assertThat(waiting(EAST, Work.CREATE_WAITING)).isEmpty();
        assertThat(waiting(EAST, Work.CREATE_UNDER_WAY)).containsExactly(started);
    }

    @Test
    void makesAStepOnlyFromTheRecordAsItStands() {
        Image intent = requested("i-1");
        Image started = intent.started(AMI, 2, NOW);

        assertThat(catalog.save(Change.of(intent, started))).isTrue();
        assertThat(catalog.save(Change.of(intent, intent.failed("late", NOW)))).isFalse();
        assertThat(catalog.find(EAST, intent.name())).contains(started);
    }

    @Test
    void beginsCopiesInTheSameStep() {
        Image started = started("i-1", AMI);
        Image available = started.available(false, NOW);
        Image copy = available.copyTo(WEST, NOW);

        assertThat(catalog.save(new Change(started, available, List.of(copy), List.of()))).isTrue();
        assertThat(waiting(EAST, Work.CREATE_UNDER_WAY)).isEmpty();
        assertThat(waiting(WEST, Work.COPY_WAITING)).containsExactly(copy);
    }

    @Test
    void leavesACopyAloneThatIsRecordedAlready() {
        Image started = started("i-1", AMI);
        Image available = started.available(false, NOW);
        Image copy = available.copyTo(WEST, NOW);
        catalog.request(List.of(copy));
        Image copyStarted = copy.started(new ImageId("ami-c"), 2, NOW);
        catalog.save(Change.of(copy, copyStarted));

        assertThat(catalog.save(new Change(started, available, List.of(copy), List.of()))).isTrue();
        assertThat(catalog.find(WEST, copy.name())).contains(copyStarted);
        assertThat(catalog.find(EAST, started.name())).contains(available);
    }

    @Test
    void countsCopiesInFlight() {
        Image copy = started("i-1", AMI).available(false, NOW).copyTo(WEST, NOW);
        catalog.request(List.of(copy));
        assertThat(catalog.copiesInFlight(WEST)).isZero();

        catalog.save(Change.of(copy, copy.started(new ImageId("ami-c"), 3, NOW)));

        assertThat(catalog.copiesInFlight(WEST)).isEqualTo(1);
    }

    @Test
    void namesWhatWaitsInPagesAndReadsTheRecordsThatAreAskedFor() {
        List<Image> waiting = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            waiting.add(intent("gold", "i-" + (100 + i), "2026-03-01T02:00:00Z"));
        }
        catalog.request(waiting);
        List<ImageName> names = waiting.stream().map(Image::name).toList();

        assertThat(catalog.waiting(EAST, Work.CREATE_WAITING, NOW, Optional.empty(), 30))
                .isEqualTo(names.subList(0, 30));
        assertThat(catalog.waiting(EAST, Work.CREATE_WAITING, NOW, Optional.of(names.get(29)), 30))
                .isEqualTo(names.subList(30, 40));
        assertThat(catalog.waiting(EAST, Work.CREATE_WAITING, NOW, Optional.of(names.get(39)), 30))
                .isEmpty();
        assertThat(catalog.waiting(WEST, Work.CREATE_WAITING, NOW, Optional.empty(), 30)).isEmpty();

        Image later = waiting.get(1).again(NOW.plusSeconds(900), "failed", NOW);
        catalog.save(Change.of(waiting.get(1), later));
        catalog.save(Change.of(waiting.get(2), waiting.get(2).started(AMI, 1, NOW)));
        assertThat(catalog.waiting(EAST, Work.CREATE_WAITING, NOW, Optional.empty(), 3))
                .containsExactly(names.get(0), names.get(3), names.get(4));
        // What was started meanwhile is left out.
        assertThat(
                        catalog.work(
                                EAST,
                                Work.CREATE_WAITING,
                                List.of(names.get(3), names.get(2), names.get(0))))
                .containsExactly(waiting.get(3), waiting.get(0));
    }

    @Test
    void findsTheImageBeforeOneOfItsInstance() {
        Image first = intent("gold", "i-2", "2026-03-01T02:00:00Z");
        Image second = intent("gold", "i-2", "2026-03-01T03:00:00Z");
        Image third = intent("gold", "i-2", "2026-03-01T04:00:00Z");
        catalog.request(
                List.of(
                        intent("gold", "i-1", "2026-03-01T02:00:00Z"),
                        first,
                        second,
                        intent("gold", "i-3", "2026-03-01T02:00:00Z")));

        assertThat(catalog.before(EAST, third.name())).contains(second);
        assertThat(catalog.before(EAST, second.name())).contains(first);
        assertThat(catalog.before(EAST, first.name())).isEmpty();
        assertThat(catalog.before(WEST, second.name())).isEmpty();
    }

    @Test
    void forgetsTheIdOfAFailedTry() {
        Image started = started("i-1", AMI);
        Image again = started.again(NOW.plusSeconds(900), "failed", NOW);

        catalog.save(Change.of(started, again));

        assertThat(catalog.find(EAST, AMI)).isEmpty();
        assertThat(catalog.work(EAST, Work.CREATE_WAITING, NOW.plusSeconds(900), 10))
                .containsExactly(again);
    }

    @Test
    void aTombstoneIsChangedOnlyAsItWasRead() {
        Image retiring =
                available("i-1", AMI)
                        .disabling("no rule", List.of(), List.of("111122223333"), NOW)
                        .retiring("no rule", List.of(), NOW);
        catalog.save(Change.of(available("i-1", AMI), retiring));
        Tombstone before = new Tombstone(retiring, NOW, "prune", "no rule");
        catalog.bury(retiring, before);
        Tombstone after =
                new Tombstone(
                        retiring.sharedWithout(List.of("111122223333")), NOW, "prune", "no rule");

        assertThat(catalog.save(before, after)).isTrue();
        assertThat(catalog.save(before, after)).isFalse();

        assertThat(catalog.removed("gold", EAST)).containsExactly(after);
        assertThat(catalog.unbury(after, after.image().keptAfterAll(NOW))).isTrue();
        assertThat(catalog.save(after, before)).isFalse();
        assertThat(catalog.removed("gold", EAST)).isEmpty();
    }

    @Test
    void digsUpWhatWasRemovedOnce() {
        Image available = available("i-1", AMI);
        Image retiring = available.retiring("no rule", List.of(new SnapshotId("snap-1")), NOW);
        Tombstone tombstone = new Tombstone(retiring, NOW, "prune", "no rule");
        catalog.save(Change.of(available, retiring));
        catalog.bury(retiring, tombstone);
        Image back = retiring.keptAfterAll(NOW);

        assertThat(catalog.unbury(tombstone, back)).isTrue();
        assertThat(catalog.unbury(tombstone, back)).isFalse();

        assertThat(catalog.find(EAST, AMI)).contains(back);
        assertThat(catalog.removed("gold", EAST)).isEmpty();
        assertThat(catalog.ofInstance(available.name().instance())).containsExactly(back);
    }

    @Test
    void adoptsOnlyWhatHasNeitherRecordNorTombstone() {
        Image buried = started("i-1", AMI);
        catalog.bury(buried, new Tombstone(buried, NOW, "PruneFunction", "no rule"));
        Image recorded = requested("i-2");
        Image unknown = adopted(intent("gold", "i-3", "2026-03-01T02:00:00Z"));

        assertThat(catalog.adopt(adopted(buried))).isFalse();
        assertThat(catalog.adopt(adopted(recorded))).isFalse();
        assertThat(catalog.adopt(unknown)).isTrue();
        assertThat(catalog.adopt(unknown)).isFalse();

        assertThat(catalog.find(EAST, recorded.name())).contains(recorded);
        assertThat(catalog.find(EAST, new ImageId("ami-9"))).contains(unknown);
        assertThat(waiting(EAST, Work.CREATE_UNDER_WAY)).containsExactly(unknown);
    }

    @Test
    void adoptsManyAtATimeAndLeavesOutThoseThatItKnows() {
        List<Image> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Image pending = adopted(intent("gold", "i-" + i, "2026-03-01T02:00:00Z"), "ami-" + i);
            all.add(i % 2 == 0 ? pending : pending.available(false, NOW));
        }
        Image removed = all.get(7);
        assertThat(catalog.adopt(removed)).isTrue();
        catalog.bury(removed, new Tombstone(removed, NOW, "PruneFunction", "no rule"));
        assertThat(catalog.adopt(all.get(60))).isTrue();
        assertThat(catalog.adopt(all.get(99))).isTrue();
        List<Image> unknown = new ArrayList<>(all);
        unknown.removeAll(List.of(removed, all.get(60), all.get(99)));

        all.add(all.getFirst());
        assertThat(catalog.adopt(all)).isEqualTo(unknown);

        assertThat(catalog.adopt(all)).isEmpty();
        assertThat(catalog.ofPolicy("gold", EAST)).hasSize(99).doesNotContain(removed);
        assertThat(catalog.find(EAST, removed.id().orElseThrow())).isEmpty();
        assertThat(catalog.find(EAST, new ImageId("ami-98"))).contains(all.get(98));
        assertThat(catalog.work(EAST, Work.CREATE_UNDER_WAY, NOW, 100)).hasSize(50);
    }

    @Test
    void buriesManyAtATimeAndLeavesOutThoseThatHaveChanged() {
        List<Image> all = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            all.add(
                    adopted(intent("gold", "i-" + i, "2026-03-01T02:00:00Z"), "ami-" + i)
                            .available(false, NOW));
        }
        catalog.adopt(all);
        Image changed = all.get(33).disabledByOthers(true);
        catalog.save(Change.of(all.get(33), changed));
        List<Tombstone> tombstones =
                all.stream().map(image -> new Tombstone(image, NOW, "EC2", "gone")).toList();
        List<Tombstone> allowed = new ArrayList<>(tombstones);
        allowed.remove(33);

        assertThat(catalog.bury(tombstones)).isEqualTo(allowed);

        assertThat(catalog.bury(tombstones)).isEmpty();
        assertThat(catalog.ofPolicy("gold", EAST)).containsExactly(changed);
        assertThat(catalog.removed("gold", EAST)).containsExactlyInAnyOrderElementsOf(allowed);
        assertThat(catalog.find(EAST, new ImageId("ami-1"))).isEmpty();
    }

    /** DynamoDB refuses a transaction of over 4 MB. */
    @Test
    void largeRecordsDoNotShareATransaction() {
        List<Image> all = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            all.add(
                    adopted(intent("gold", "i-" + i, "2026-03-01T02:00:00Z"), "ami-" + i)
                            .failing("x".repeat(300_000)));
        }

        assertThat(catalog.adopt(all)).isEqualTo(all);
        List<Tombstone> tombstones =
                all.stream().map(image -> new Tombstone(image, NOW, "EC2", "gone")).toList();
        assertThat(catalog.bury(tombstones)).isEqualTo(tombstones);
    }

    @Test
    void answersTheRecordsOfSomeImages() {
        Image one = requested("i-1");
        Image other = requested("i-2");
        ImageName none = intent("gold", "i-3", "2026-03-01T02:00:00Z").name();

        assertThat(catalog.find(EAST, List.of(one.name(), none)))
                .isEqualTo(Map.of(one.name(), one));
        assertThat(catalog.find(WEST, List.of(other.name()))).isEmpty();
    }

    @Test
    void answersTheTombstonesOfSomeImages() {
        Image gone = started("i-1", AMI);
        Tombstone tombstone = new Tombstone(gone, NOW, "PruneFunction", "no rule");
        catalog.bury(gone, tombstone);
        Image there = requested("i-2");

        assertThat(catalog.removed(EAST, List.of(gone.name(), there.name())))
                .isEqualTo(Map.of(gone.name(), tombstone));
        assertThat(catalog.removed(WEST, List.of(gone.name()))).isEmpty();
        assertThat(catalog.removed(EAST, List.of())).isEmpty();
    }

    @Test
    void remembersWhatASweepLeft() {
        SweepState.Seen seen = new SweepState.Seen(EAST, new InstanceId("i-1"), "", NOW);
        SweepState state =
                new SweepState(
                        Optional.of(new SweepState.Unit(WEST, "gold")),
                        List.of(seen),
                        Map.of(EAST, new SweepState.Settled(NOW, "0a1b")));

        assertThat(catalog.lastSweep()).isEqualTo(SweepState.FRESH);
        catalog.swept(state);
        assertThat(catalog.lastSweep()).isEqualTo(state);
        catalog.swept(SweepState.FRESH);
        assertThat(catalog.lastSweep()).isEqualTo(SweepState.FRESH);
    }

    @Test
    void remembersThePruningThatIsToBeGoneOnWith() {
        UnfinishedPrune run =
                new UnfinishedPrune(NOW, Map.of("gold", new UnfinishedPrune.Taken(3, 2, 4)));
        UnfinishedPrune next = new UnfinishedPrune(LATER, Map.of());

        assertThat(catalog.unfinishedPrune()).isEmpty();
        catalog.finishedPrune(NOW);
        catalog.unfinished(run);
        assertThat(catalog.unfinishedPrune()).contains(run);
        catalog.unfinished(next);
        catalog.finishedPrune(NOW);
        assertThat(catalog.unfinishedPrune()).contains(next);
        catalog.finishedPrune(LATER);
        assertThat(catalog.unfinishedPrune()).isEmpty();
    }

    @Test
    void remembersWhatAPruningSaw() {
        catalog.mark(new PruneMark("gold", EAST, 3, 40));
        catalog.mark(new PruneMark("gold", WEST, 3, 20));
        catalog.mark(new PruneMark("gold", EAST, 4, 41));

        assertThat(catalog.marks("gold"))
                .containsExactly(
                        new PruneMark("gold", EAST, 4, 41), new PruneMark("gold", WEST, 3, 20));
        assertThat(catalog.marks("silver")).isEmpty();
    }

    @Test
    void remembersThePoliciesThatThereWere() {
        catalog.remember("gold");
        catalog.remember("silver");
        catalog.remember("gold");

        assertThat(catalog.policies()).containsExactlyInAnyOrder("gold", "silver");
    }

    @Test
    void remembersSinceWhenAnInstanceIsGoneUntilItIsBack() {
        InstanceId instance = new InstanceId("i-1");
        assertThat(catalog.gone(EAST, instance, NOW)).isTrue();
        assertThat(catalog.gone(EAST, instance, LATER)).isFalse();
        assertThat(catalog.gone(EAST)).containsExactly(Map.entry(instance, NOW));
        assertThat(catalog.gone(WEST)).isEmpty();

        catalog.back(EAST, instance);
        catalog.back(EAST, instance);
        assertThat(catalog.gone(EAST)).isEmpty();
    }

    @Test
    void neverImagesABuriedSlotAgain() {
        Image available = available("i-1", AMI);
        Image retiring = available.retiring("no rule", List.of(new SnapshotId("snap-1")), NOW);
        Tombstone tombstone = new Tombstone(retiring, NOW, "prune", "no rule");
        catalog.save(Change.of(available, retiring));
        assertThat(catalog.work(EAST, Work.RETIRING, retiring.due(), 10)).containsExactly(retiring);

        assertThat(catalog.bury(retiring, tombstone)).isTrue();

        assertThat(catalog.bury(retiring, tombstone)).isFalse();
        assertThat(catalog.removed("gold", EAST)).containsExactly(tombstone);
        assertThat(catalog.find(EAST, available.name())).isEmpty();
        assertThat(catalog.find(EAST, AMI)).isEmpty();
        assertThat(waiting(EAST, Work.RETIRING)).isEmpty();
        assertThat(catalog.request(List.of(requestOf(available)))).isEmpty();
    }

    @Test
    void answersThePolicysImagesOfARegion() {
        Image gold = available("i-1", AMI);
        catalog.request(List.of(intent("silver", "i-1", "2026-03-01T02:00:00Z")));

        assertThat(catalog.ofPolicy("gold", EAST)).containsExactly(gold);
        assertThat(catalog.ofPolicy("gold", WEST)).isEmpty();
    }

    @Test
    void answersAnInstancesImagesOfAllRegionsNewestFirst() {
        Image older = intent("gold", "i-1", "2026-03-01T02:00:00Z");
        Image newer = intent("gold", "i-1", "2026-03-02T02:00:00Z");
        Image copy = newer.started(AMI, 1, NOW).copyTo(WEST, NOW);
        Image other = intent("gold", "i-2", "2026-03-02T02:00:00Z");
        catalog.request(List.of(older, newer, copy, other));

        assertThat(catalog.ofInstance(new InstanceId("i-1"))).containsExactly(newer, copy, older);
    }

    @Test
    void movesACursorOnlyFromWhereItStands() {
        Cursor first = new Cursor("gold", EAST, NOW);
        Cursor second = new Cursor("gold", EAST, NOW.plusSeconds(300));
        Run taken = new Run.Taken("gold", EAST, new Slot(NOW), 12);
        Run missed = new Run.Missed("gold", EAST, 2, new Slot(NOW), new Slot(NOW.plusSeconds(60)));

        Notice notice = Notice.event(NoticeKey.parse("missed"), NOW, "2 slots", "look");

        assertThat(catalog.moveCursor(Optional.empty(), first, List.of(), List.of())).isTrue();
        assertThat(catalog.moveCursor(Optional.empty(), first, List.of(), List.of())).isFalse();
        assertThat(
                        catalog.moveCursor(
                                Optional.of(NOW), second, List.of(taken, missed), List.of(notice)))
                .isTrue();
        assertThat(catalog.moveCursor(Optional.of(NOW), first, List.of(), List.of(notice)))
                .isFalse();
        assertThat(catalog.bookmarks().cursors()).containsExactly(second);
        assertThat(catalog.runs("gold")).containsExactly(missed, taken);
        assertThat(catalog.unannounced()).containsExactly(notice);
    }

    @Test
    void remembersRegions() {
        catalog.remember(WEST);
        catalog.remember(WEST);

        assertThat(catalog.bookmarks()).isEqualTo(new Bookmarks(List.of(), Set.of(WEST)));
    }

    @Test
    void aStepThatWasWrittenWhileItsAnswerWasLostIsOurs() {
        Image intent = requested("i-1");
        Change step = Change.of(intent, intent.started(AMI, 2, NOW));
        catalog.save(step);

        assertThat(catalog.save(step)).isTrue();
    }

    @Test
    void tellsANoticeOnce() {
        Notice notice =
                new Notice(
                        NoticeKey.parse("refused/i-1"),
                        NOW,
                        "no policy selects i-1",
                        "tag it",
                        true);

        assertThat(catalog.note(notice)).isTrue();
        assertThat(catalog.note(notice)).isFalse();
        assertThat(catalog.unannounced()).containsExactly(notice);

        catalog.announced(notice);

        assertThat(catalog.unannounced()).isEmpty();
        assertThat(catalog.note(notice)).isFalse();
        assertThat(catalog.notices()).containsExactly(notice);
    }

    @Test
    void tellsOfAFailureInTheSameStep() {
        Image intent = requested("i-1");
        Notice notice = new Notice(NoticeKey.parse("failed/x"), NOW, "it failed", "look", true);

        catalog.save(Change.of(intent, intent.failed("gone", NOW)).telling(notice));

        assertThat(catalog.unannounced()).containsExactly(notice);
        assertThat(waiting(EAST, Work.CREATE_WAITING)).isEmpty();
    }

    @Test
    void whatIsGivenUpIsFoundUntilItIsTriedAgainOrGone() {
        Image failed = requested("i-1").failed("gone", NOW);
        Image other = requested("i-2").failed("gone", NOW);
        catalog.save(Change.of(requestOf(failed), failed));
        catalog.save(Change.of(requestOf(other), other));

        assertThat(waiting(EAST, Work.GIVEN_UP)).containsExactly(failed, other);

        catalog.save(Change.of(failed, failed.again(NOW, "", NOW)));
        catalog.bury(other, new Tombstone(other, NOW, "somebody", "no reason"));

        assertThat(waiting(EAST, Work.GIVEN_UP)).isEmpty();
    }

    @Test
    void whatIsOnItsWayIntoS3IsWorkUntilItIsThere() {
        Image available = available("i-1", AMI);
        Stored waiting =
                Stored.waiting(new S3Object("archive", "ami-1.bin"), NOW)
                        .again(LATER, Optional.of(NOW), "no reason", NOW);
        Image first = available.inS3(Optional.of(waiting));
        Image second = first.inS3(Optional.of(waiting.storing(LATER)));
        Image third = second.inS3(Optional.of(waiting.storing(LATER).done(LATER)));

        catalog.save(Change.of(available, first));
        assertThat(waiting(EAST, Work.STORING)).containsExactly(first);
        catalog.save(Change.of(first, second));
        assertThat(waiting(EAST, Work.STORING)).containsExactly(second);
        catalog.save(Change.of(second, third));
        assertThat(waiting(EAST, Work.STORING)).isEmpty();
        assertThat(catalog.find(EAST, AMI)).contains(third);
    }

    @Test
    void theTombstoneOfWhatIsStoredIsKeptForGood() {
        Image plain = retiring(available("i-1", AMI));
        Image stored =
                retiring(
                        stored(
                                available("i-2", new ImageId("ami-2")),
                                new S3Object("archive", "ami-2.bin")));
        catalog.bury(plain, new Tombstone(plain, NOW, "prune", "no rule"));
        catalog.bury(stored, new Tombstone(stored, NOW, "prune", "no rule"));

        assertThat(items("123456789012/us-east-1/removed/gold"))
                .extracting(item -> item.containsKey("expires"))
                .containsExactly(true, false);
        assertThat(catalog.removed("gold", EAST).getLast().image()).isEqualTo(stored);
        assertThat(catalog.unbury(catalog.removed("gold", EAST).getLast(), stored)).isTrue();
        assertThat(catalog.find(EAST, stored.name())).contains(stored);
    }

    private Image stored(Image image, S3Object object) {
        Image stored = image.inS3(Optional.of(Stored.waiting(object, NOW).done(NOW)));
        catalog.save(Change.of(image, stored));
        return stored;
    }

    private Image retiring(Image image) {
        Image retiring = image.retiring("no rule", List.of(), NOW);
        catalog.save(Change.of(image, retiring));
        return retiring;
    }

    @Test
    void whatIsGivenUpExpiresWithItsWork() {
        Image intent = requested("i-1");
        catalog.save(Change.of(intent, intent.failed("gone", NOW)));

        for (String partition : List.of("images/gold", "work/given-up")) {
            assertThat(items("123456789012/us-east-1/" + partition))
                    .singleElement()
                    .satisfies(item ->
                            assertThat(item)
                                    .containsEntry(
                                            "expires",
                                            AttributeValue.fromN(
                                                    ""
                                                            + NOW.plus(Duration.ofDays(366))
                                                                    .getEpochSecond())));
        }
    }

    @Test
    void aTroubleThatWasToldIsToldToBeOver() {
        Notice trouble = trouble("blind/us-east-1/fleets", NOW);
        Notice over = trouble.resolved(LATER);
        catalog.note(trouble);
        catalog.announced(trouble);
        assertThat(catalog.open()).containsExactly(trouble);

        assertThat(catalog.resolve(trouble.about(), LATER)).isTrue();
        assertThat(catalog.resolve(trouble.about(), LATER)).isFalse();

        assertThat(catalog.open()).isEmpty();
        assertThat(catalog.unannounced()).containsExactly(over);
        assertThat(catalog.notices()).containsExactly(over);

        catalog.announced(over);

        assertThat(catalog.unannounced()).isEmpty();
    }

    @Test
    void aTroubleThatIsOverBeforeItIsToldIsNotTold() {
        Notice trouble = trouble("blind/us-east-1/fleets", NOW);
        catalog.note(trouble);

        assertThat(catalog.resolve(trouble.about(), LATER)).isTrue();

        assertThat(catalog.unannounced()).isEmpty();
        assertThat(catalog.notices()).containsExactly(trouble.resolved(LATER));
    }

    @Test
    void aTroubleThatIsOverWhilePeopleMayHaveHeardOfItIsToldToBeOver() {
        Notice trouble = trouble("blind/us-east-1/fleets", NOW);
        Notice over = trouble.resolved(LATER);
        catalog.note(trouble);

        assertThat(catalog.telling(trouble)).isTrue();
        assertThat(catalog.telling(trouble)).isTrue();
        assertThat(catalog.unannounced()).containsExactly(trouble);

        assertThat(catalog.resolve(trouble.about(), LATER)).isTrue();
        assertThat(catalog.unannounced()).containsExactly(over);
        assertThat(catalog.telling(trouble)).isFalse();

        assertThat(catalog.telling(over)).isTrue();
        catalog.announced(over);
        assertThat(catalog.unannounced()).isEmpty();
        assertThat(catalog.telling(over)).isFalse();
    }

    @Test
    void aTroubleThatComesBackWhilePeopleMayHaveHeardOfItsEndIsToldAnew() {
        Notice trouble = trouble("blind/us-east-1/fleets", NOW);
        Notice over = trouble.resolved(LATER);
        Notice again = trouble("blind/us-east-1/fleets", LATER);
        catalog.note(trouble);
        catalog.announced(trouble);
        catalog.resolve(trouble.about(), LATER);

        assertThat(catalog.telling(over)).isTrue();
        assertThat(catalog.note(again)).isTrue();

        assertThat(catalog.open()).containsExactly(again);
        assertThat(catalog.unannounced()).containsExactly(again);
    }

    @Test
    void whatWasBegunToBeToldIsStillTickedOff() {
        Notice trouble = trouble("blind/us-east-1/fleets", NOW);
        catalog.note(trouble);
        catalog.telling(trouble);

        catalog.announced(trouble);

        assertThat(catalog.unannounced()).isEmpty();
        assertThat(catalog.open()).containsExactly(trouble);
    }

    @Test
    void aTroubleGetsTheWordsThatFitItNowAndIsToldAgainIfThereIsSomethingElseToDo() {
        Notice trouble =
                new Notice(
                        NoticeKey.parse("left/us-east-1/x"), NOW, "in use by a", "remove a", true);
        catalog.note(trouble);
        catalog.announced(trouble);

        Notice other =
                new Notice(
                        NoticeKey.parse("left/us-east-1/x"),
                        LATER,
                        "in use by b",
                        "remove b",
                        true);
        assertThat(catalog.reword(other)).isTrue();
        assertThat(catalog.reword(other)).isFalse();

        Notice now =
                new Notice(
                        NoticeKey.parse("left/us-east-1/x"), NOW, "in use by b", "remove b", true);
        assertThat(catalog.open()).containsExactly(now);
        assertThat(catalog.notices()).containsExactly(now);
        assertThat(catalog.unannounced()).containsExactly(now);

        catalog.announced(now);
        assertThat(catalog.reword(new Notice(now.about(), LATER, "b uses it", "remove b", true)))
                .isTrue();
        assertThat(catalog.open()).extracting(Notice::text).containsExactly("b uses it");
        assertThat(catalog.unannounced()).isEmpty();
    }

    @Test
    void onlyAnOpenTroubleGetsOtherWords() {
        Notice trouble =
                new Notice(
                        NoticeKey.parse("left/us-east-1/x"), NOW, "in use by a", "remove a", true);
        assertThat(catalog.reword(trouble)).isFalse();
        catalog.note(trouble);
        catalog.resolve(trouble.about(), LATER);

        assertThat(catalog.reword(new Notice(trouble.about(), NOW, "b", "b", true))).isFalse();
        assertThat(catalog.open()).isEmpty();
    }

    @Test
    void whatPeopleOnlyFindWhenTheyLookIsNotToldToBeOver() {
        Notice trouble =
                new Notice(NoticeKey.parse("stopped/us-east-1"), NOW, "it stopped", "wait", false);
        catalog.note(trouble);

        assertThat(catalog.resolve(trouble.about(), LATER)).isTrue();

        assertThat(catalog.unannounced()).isEmpty();
        assertThat(catalog.open()).isEmpty();
    }

    @Test
    void aTroubleThatComesBackIsOpenAndToldAnew() {
        Notice trouble = trouble("blind/us-east-1/fleets", NOW);
        Notice again = trouble("blind/us-east-1/fleets", LATER);
        catalog.note(trouble);
        catalog.announced(trouble);
        catalog.resolve(trouble.about(), LATER);
        catalog.announced(trouble.resolved(LATER));

        assertThat(catalog.note(again)).isTrue();
        assertThat(catalog.note(again)).isFalse();

        assertThat(catalog.open()).containsExactly(again);
        assertThat(catalog.unannounced()).containsExactly(again);
    }

    @Test
    void aTroubleThatComesBackBeforeItsEndIsToldIsToldNeither() {
        Notice trouble = trouble("blind/us-east-1/fleets", NOW);
        Notice again = trouble("blind/us-east-1/fleets", LATER);
        catalog.note(trouble);
        catalog.announced(trouble);
        catalog.resolve(trouble.about(), LATER);

        assertThat(catalog.note(again)).isTrue();

        assertThat(catalog.open()).containsExactly(again);
        assertThat(catalog.unannounced()).isEmpty();
    }

    @Test
    void whatChangesWhilePeopleAreToldIsToldNext() {
        Notice trouble = trouble("blind/us-east-1/fleets", NOW);
        Notice over = trouble.resolved(LATER);
        Notice again = trouble("blind/us-east-1/fleets", LATER);
        catalog.note(trouble);
        catalog.resolve(trouble.about(), LATER);

        catalog.announced(trouble);
        assertThat(catalog.unannounced()).containsExactly(over);

        catalog.note(again);
        catalog.announced(over);
        assertThat(catalog.unannounced()).containsExactly(again);
    }

    @Test
    void anEventIsToldOnceAndNeverOpen() {
        Notice event =
                Notice.event(NoticeKey.parse("missed/us-east-1/gold"), NOW, "2 slots", "look");

        assertThat(catalog.note(event)).isTrue();
        assertThat(catalog.open()).isEmpty();
        assertThat(catalog.resolve(event.about(), LATER)).isFalse();
        assertThat(catalog.note(event)).isFalse();
        assertThat(catalog.unannounced()).containsExactly(event);
    }

    @Test
    void openTroublesComeByTime() {
        Notice later = trouble("a", LATER).tried("2 tries");
        Notice first = trouble("b", NOW);
        catalog.note(later);
        catalog.note(first);

        assertThat(catalog.open()).containsExactly(first, later);
    }

    @Test
    void keepsAccountsApart() {
        Catalog one = catalog("111111111111");
        Catalog two = catalog("222222222222");
        Image intent = intent("gold", "i-1", "2026-03-01T02:00:00Z");
        one.request(List.of(intent));

        assertThat(two.find(EAST, intent.name())).isEmpty();
        assertThat(two.request(List.of(intent))).containsExactly(intent);
    }

    @Test
    void lastsOverManyPages() {
        List<Image> many = new ArrayList<>();
        for (int i = 0; i < 1500; i++) {
            many.add(
                    intent("gold", "i-1", NOW.plus(Duration.ofHours(i)).toString())
                            .again(NOW, "x".repeat(800), NOW));
        }
        catalog.request(many);

        assertThat(catalog.ofPolicy("gold", EAST)).hasSize(1500);
        assertThat(catalog.ofInstance(new InstanceId("i-1"))).hasSize(1500);
        assertThat(catalog.work(EAST, Work.CREATE_WAITING, NOW, 150)).hasSize(150);
    }

    @Test
    void leavesOutARecordThatItCannotReadAndKeepsItsSlot() {
        Image bad = requested("i-1");
        Image good = requested("i-2");
        edit(images(), key(bad), Map.of("trigger", text("MOON")));

        assertThat(catalog.ofPolicy("gold", EAST)).containsExactly(good);
        assertThat(catalog.ofInstance(bad.name().instance())).isEmpty();
        assertThat(catalog.work(EAST, Work.CREATE_WAITING, NOW, 1)).containsExactly(good);
        assertThatThrownBy(() -> catalog.find(EAST, bad.name()))
                .isInstanceOf(UnreadableItemException.class)
                .hasMessageContaining("its trigger is \"MOON\"");
        assertThat(catalog.request(List.of(bad))).isEmpty();
        assertThat(catalog.adopt(adopted(bad))).isFalse();
        assertThat(catalog.save(Change.of(bad, bad.failed("late", NOW)))).isTrue();
    }

    @Test
    void namesWhatItCannotReadUntilItCan() {
        Image bad = requested("i-1");
        edit(images(), key(bad), Map.of("state", text("ARCHIVED")));
        Unreadable item =
                new Unreadable("us-east-1/images/gold", key(bad), "its state is \"ARCHIVED\"");

        assertThat(catalog.ofPolicy("gold", EAST)).isEmpty();
        assertThat(catalog.unreadable(EAST)).containsExactly(bad.name());
        assertThat(catalog.unreadable(WEST)).isEmpty();
        assertThat(catalog.takeUnreadable()).containsExactly(item);
        assertThat(catalog.takeUnreadable()).isEmpty();
        assertThat(catalog.unreadable(item.partition())).containsExactly(item);

        edit(images(), key(bad), Map.of("state", text("REQUESTED")));

        assertThat(catalog.unreadable(item.partition())).isEmpty();
        assertThat(catalog.ofPolicy("gold", EAST)).containsExactly(bad);
        assertThat(catalog.takeUnreadable()).isEmpty();
    }

    @Test
    void readsNoAttributeOfAnotherTypeAndNoRecordUnderAnothersKey() {
        Image typed = started("i-1", AMI);
        Image moved = started("i-2", new ImageId("ami-2"));
        edit(images(), key(typed), Map.of("id", AttributeValue.fromN("1")));
        edit(images(), key(moved), Map.of("name", text("gold/i-9/2026-03-01T02.00.00Z")));

        assertThat(catalog.ofPolicy("gold", EAST)).isEmpty();
        assertThat(catalog.unreadable(EAST)).containsExactlyInAnyOrder(typed.name(), moved.name());
    }

    @Test
    void oneItemThatCannotBeReadHidesNoOther() {
        Image gone = started("i-1", AMI);
        Image gone2 = started("i-2", new ImageId("ami-2"));
        catalog.bury(gone, new Tombstone(gone, NOW, "prune", "no rule"));
        Tombstone tombstone = new Tombstone(gone2, NOW, "prune", "no rule");
        catalog.bury(gone2, tombstone);
        edit("123456789012/us-east-1/removed/gold", key(gone), Map.of("removedAt", text("once")));
        Notice one = trouble("a", NOW);
        Notice other = trouble("b", NOW);
        catalog.note(one);
        catalog.note(other);
        for (String partition : List.of("notices", "open", "unannounced")) {
            edit("123456789012/" + partition, "a", Map.of("kind", text("RUMOUR")));
        }
        catalog.mark(new PruneMark("gold", EAST, 3, 40));
        catalog.mark(new PruneMark("gold", WEST, 3, 40));
        edit("123456789012/marks/gold", "us-east-1", Map.of("listed", text("many")));
        Cursor cursor = new Cursor("gold", WEST, NOW);
        catalog.moveCursor(Optional.empty(), new Cursor("gold", EAST, NOW), List.of(), List.of());
        catalog.moveCursor(Optional.empty(), cursor, List.of(), List.of());
        edit("123456789012/bookmarks", "gold/us-east-1", Map.of("time", text("soon")));

        assertThat(catalog.removed("gold", EAST)).containsExactly(tombstone);
        assertThat(catalog.removed(EAST, List.of(gone.name(), gone2.name())))
                .isEqualTo(Map.of(gone2.name(), tombstone));
        assertThatThrownBy(() -> catalog.removed(EAST, gone.name()))
                .isInstanceOf(UnreadableItemException.class);
        assertThat(catalog.notices()).containsExactly(other);
        assertThat(catalog.open()).containsExactly(other);
        assertThat(catalog.unannounced()).containsExactly(other);
        assertThat(catalog.note(one)).isFalse();
        assertThat(catalog.resolve(NoticeKey.parse("a"), LATER)).isFalse();
        assertThat(catalog.marks("gold")).containsExactly(new PruneMark("gold", WEST, 3, 40));
        assertThat(catalog.bookmarks().cursors()).containsExactly(cursor);
        assertThat(catalog.unreadable(EAST)).containsExactly(gone.name());
        assertThat(catalog.takeUnreadable())
                .extracting(Unreadable::partition)
                .containsExactlyInAnyOrder(
                        "bookmarks",
                        "marks/gold",
                        "notices",
                        "open",
                        "unannounced",
                        "us-east-1/removed/gold");
    }

    @Test
    void workWithoutADueTimeIsTold() {
        Image bad = requested("i-1");
        String key = "2026-03-01T02:00:00Z/gold/i-1";
        edit("123456789012/us-east-1/work/create-waiting", key, Map.of("due", text("now")));

        assertThat(waiting(EAST, Work.CREATE_WAITING)).isEmpty();
        assertThat(catalog.unreadable(EAST)).containsExactly(bad.name());
    }

    @Test
    void aCopyUnderWayThatCannotBeReadTakesRoom() {
        Image copy = started("i-1", AMI).available(false, NOW).copyTo(WEST, NOW);
        catalog.request(List.of(copy));
        catalog.save(Change.of(copy, copy.started(new ImageId("ami-c"), 3, NOW)));
        String key = "2026-03-01T02:00:00Z/gold/i-1";
        edit("123456789012/us-west-2/work/copy-under-way", key, Map.of("volumes", text("few")));

        assertThat(catalog.copiesInFlight(WEST)).isEqualTo(1);
    }

    @Test
    void writesBackWhatItDoesNotKnowOfARecordThroughItsWholeLife() {
        Image available = available("i-1", AMI);
        Stored stored = Stored.waiting(new S3Object("archive", "ami-1.bin"), NOW);
        Image storing = available.inS3(Optional.of(stored));
        catalog.save(Change.of(available, storing));
        edit(images(), key(available), Map.of("colour", text("red")));
        edit(images(), key(available), "stored", Map.of("shelf", AttributeValue.fromN("7")));
        catalog = catalog("123456789012");
        Image read = catalog.ofPolicy("gold", EAST).getFirst();
        Image done = read.inS3(Optional.of(stored.storing(NOW)));
        Image retiring = done.retiring("no rule", List.of(), NOW);

        assertThat(catalog.save(Change.of(read, done))).isTrue();
        assertThat(catalog.save(Change.of(done, retiring))).isTrue();
        assertUnknownIsThere(images(), key(available));

        Tombstone tombstone = new Tombstone(retiring, NOW, "prune", "no rule");
        assertThat(catalog.bury(retiring, tombstone)).isTrue();
        assertUnknownIsThere("123456789012/us-east-1/removed/gold", key(available));

        catalog = catalog("123456789012");
        catalog.removed("gold", EAST);
        assertThat(catalog.unbury(tombstone, retiring.keptAfterAll(NOW))).isTrue();
        assertUnknownIsThere(images(), key(available));
        assertThat(catalog.find(EAST, AMI)).contains(retiring.keptAfterAll(NOW));
    }

    private void assertUnknownIsThere(String partition, String key) {
        Map<String, AttributeValue> item = item(partition, key);
        assertThat(item).containsEntry("colour", text("red"));
        assertThat(requireNonNull(item.get("stored")).m())
                .containsEntry("shelf", AttributeValue.fromN("7"));
        assertThat(requireNonNull(item.get("stored")).m()).containsEntry("state", text("STORING"));
    }

    @Test
    void writesBackWhatItDoesNotKnowOfOtherItems() {
        Notice trouble = trouble("a", NOW);
        catalog.note(trouble);
        catalog.mark(new PruneMark("gold", EAST, 3, 40));
        catalog.swept(SweepState.FRESH);
        catalog.unfinished(new UnfinishedPrune(NOW, Map.of()));
        catalog.moveCursor(Optional.empty(), new Cursor("gold", EAST, NOW), List.of(), List.of());
        Map<String, String> all =
                Map.of(
                        "123456789012/notices", "a",
                        "123456789012/unannounced", "a",
                        "123456789012/marks/gold", "us-east-1",
                        "123456789012/sweep", "state",
                        "123456789012/prune", "state",
                        "123456789012/bookmarks", "gold/us-east-1");
        all.forEach((partition, key) -> edit(partition, key, Map.of("colour", text("red"))));
        catalog = catalog("123456789012");

        catalog.unannounced().forEach(catalog::telling);
        catalog.resolve(NoticeKey.parse("a"), LATER);
        catalog.marks("gold");
        catalog.mark(new PruneMark("gold", EAST, 4, 41));
        catalog.lastSweep();
        catalog.swept(
                new SweepState(
                        Optional.of(new SweepState.Unit(WEST, "gold")), List.of(), Map.of()));
        catalog.unfinishedPrune();
        catalog.unfinished(new UnfinishedPrune(LATER, Map.of()));
        catalog.bookmarks();
        catalog.moveCursor(Optional.of(NOW), new Cursor("gold", EAST, LATER), List.of(), List.of());

        all.forEach((partition, key) ->
                assertThat(item(partition, key))
                        .as(partition)
                        .containsEntry("colour", text("red")));
        assertThat(item("123456789012/unannounced", "a")).doesNotContainKey("telling");
        assertThat(catalog.unannounced()).containsExactly(trouble.resolved(LATER));
    }

    @Test
    void whatAnotherVersionWroteMeanwhileIsNotOverwritten() {
        Image intent = requested("i-1");
        edit(images(), key(intent), Map.of("colour", text("red")));
        Image read = catalog.ofPolicy("gold", EAST).getFirst();
        edit(
                images(),
                key(intent),
                Map.of("colour", text("blue"), "version", AttributeValue.fromN("2")));

        assertThat(catalog.save(Change.of(read, read.failed("late", NOW)))).isFalse();
        assertThat(item(images(), key(intent))).containsEntry("colour", text("blue"));
    }

    /** As another version of AMI Keeper does, or somebody by hand. */
    private void edit(String partition, String key, Map<String, AttributeValue> changes) {
        Map<String, AttributeValue> item = new HashMap<>(item(partition, key));
        item.putAll(changes);
        dynamoDb().putItem(put -> put.tableName(table).item(item));
    }

    private void edit(
            String partition, String key, String map, Map<String, AttributeValue> changes) {
        Map<String, AttributeValue> within =
                new HashMap<>(requireNonNull(item(partition, key).get(map)).m());
        within.putAll(changes);
        edit(partition, key, Map.of(map, AttributeValue.fromM(within)));
    }

    private Map<String, AttributeValue> item(String partition, String key) {
        return dynamoDb()
                .getItem(get ->
                        get.tableName(table)
                                .key(Map.of("pk", text(partition), "sk", text(key)))
                                .consistentRead(true))
                .item();
    }

    private static String images() {
        return "123456789012/us-east-1/images/gold";
    }

    private static String key(Image image) {
        return image.name().instance() + "/" + image.name().slot();
    }

    private static AttributeValue text(String value) {
        return AttributeValue.fromS(value);
    }

    @Test
    void remembersWhomEc2RefusedAndWhoMayCopy() {
        Image available = available("i-1", AMI);
        Image shared =
                available.nowShared(
                        List.of("222233334444"), List.of("111122223333"), List.of("333344445555"));

        assertThat(catalog.save(Change.of(available, shared))).isTrue();

        assertThat(catalog.find(EAST, shared.name())).contains(shared);
    }

    @Test
    void forgetsARegionAndNothingElse() {
        catalog.remember(EAST);
        catalog.remember(WEST);
        Cursor cursor = new Cursor("gold", WEST, NOW);
        catalog.moveCursor(Optional.empty(), cursor, List.of(), List.of());

        assertThat(catalog.forget(WEST, NOW)).isTrue();
        assertThat(catalog.forget(WEST, NOW)).isTrue();

        assertThat(catalog.bookmarks().regions()).containsExactly(EAST);
        assertThat(catalog.bookmarks().cursors()).containsExactly(cursor);
    }

    @Test
    void forgetsNoRegionInWhichThereIsToBeSomething() {
        catalog.remember(WEST, NOW.plusSeconds(60));

        assertThat(catalog.forget(WEST, NOW)).isFalse();
        assertThat(catalog.bookmarks().regions()).containsExactly(WEST);
        assertThat(catalog.forget(WEST, NOW.plusSeconds(61))).isTrue();
        assertThat(catalog.bookmarks().regions()).isEmpty();
    }

    private static Notice trouble(String key, Instant at) {
        return new Notice(NoticeKey.parse(key), at, "it cannot be seen", "look", true);
    }

    private List<Map<String, AttributeValue>> items(String partition) {
        return dynamoDb()
                .query(query ->
                        query.tableName(table)
                                .keyConditionExpression("pk = :pk")
                                .expressionAttributeValues(
                                        Map.of(":pk", AttributeValue.fromS(partition))))
                .items();
    }

    private List<Image> waiting(Region region, Work kind) {
        return catalog.work(region, kind, NOW, 100);
    }

    private static Image adopted(Image unknown) {
        return adopted(unknown, "ami-9");
    }

    private static Image adopted(Image unknown, String ami) {
        ImageId id = new ImageId(ami);
        return Image.adopted(unknown.name(), EAST, Optional.empty(), id, 1, NOW, NOW);
    }

    private Image requested(String instance) {
        Image intent = intent("gold", instance, "2026-03-01T02:00:00Z");
        catalog.request(List.of(intent));
        return intent;
    }

    private Image started(String instance, ImageId id) {
        Image intent = requested(instance);
        Image started = intent.started(id, 2, NOW);
        catalog.save(Change.of(intent, started));
        return started;
    }

    private Image available(String instance, ImageId id) {
        Image started = started(instance, id);
        Image available = started.available(true, NOW);
        catalog.save(Change.of(started, available));
        return available;
    }

    private static Image requestOf(Image image) {
        return Image.intent(image.name(), image.region(), Trigger.SCHEDULED, NOW);
    }

    private static Image intent(String policy, String instance, String slot) {
        ImageName name =
                new ImageName(policy, new InstanceId(instance), new Slot(Instant.parse(slot)));
        return Image.intent(name, EAST, Trigger.SCHEDULED, NOW);
    }
}
