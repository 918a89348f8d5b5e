package dev.amikeeper;

import com.amazonaws.services.lambda.runtime.events.SQSEvent;

import dev.amikeeper.Scene.Moment;
import dev.amikeeper.backup.CreateImageHandler;
import dev.amikeeper.backup.ImageRequestHandler;
import dev.amikeeper.backup.ScheduleHandler;
import dev.amikeeper.event.Kick;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.operate.OperateHandler;
import dev.amikeeper.replication.CopyImageHandler;
import dev.amikeeper.replication.ImageStateHandler;
import dev.amikeeper.retention.PruneHandler;
import dev.amikeeper.store.StoreHandler;
import dev.amikeeper.sweep.SweepHandler;

import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Moments before each function's call: two instances with two volumes each, and two DR Regions. */
final class Scenes {
    private static final String SELECT =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
            """;

    private static final String NIGHTLY = "    schedule: {cron: \"0 2 * * *\"}\n";
    private static final String HOURLY = "    schedule: {every: 1h}\n";

    private static final String SHARED =
            """
                replicate: {us-west-2: {}, eu-west-1: {}}
                share: {accounts: ["111122223333"]}
            """;

    private static final String TO_WEST = "    replicate: {us-west-2: {}}\n";

    private static final String NO_LIMITS =
            "    limits: {maxRemovePercent: 100, maxRemoveCount: 200}\n";

    private static final String BUCKET = "archive";

    private static final String STORE = "    store: {bucket: archive, after: 1d}\n";

    private static final Instant SLOT = TestDeployment.START.plus(Duration.ofHours(2));

    private final Function<String, TestDeployment> deploy;

    /** The objects of the function that a scene calls. */
    private final Function<TestDeployment, Application> environment;

    private Scenes(
            Function<String, TestDeployment> deploy,
            Function<TestDeployment, Application> environment) {
        this.deploy = deploy;
        this.environment = environment;
    }

    /** With the catalogue in memory. */
    static Scenes inMemory() {
        return new Scenes(
                policies -> TestDeployment.inMemory(policies, 1), TestDeployment::environment);
    }

    /** With the catalogue in DynamoDB Local, whose transactions refuse each other. */
    static Scenes onDynamoDbLocal() {
        return new Scenes(TestDeployment::onDynamoDbLocal, given -> given.deployment.application());
    }

    /** All of them. */
    List<Scene> all() {
        List<Scene> all = new ArrayList<>();
        all.add(scheduled("when a slot is due", this::slotDue, "TransactWriteItems", "Publish"));
        all.add(scheduled("when slots were missed", this::slotsMissed, "TransactWriteItems"));
        all.add(requested("for a tag", this::tagged, "TransactWriteItems", "DeleteTags"));
        all.add(requested("that it refuses", this::refused, "TransactWriteItems"));
        all.add(worker("CreateImageFunction", "of two", () -> creating(0), "CreateImage"));
        all.add(
                worker(
                        "CreateImageFunction",
                        "while EC2 lags behind",
                        () -> creating(2),
                        "CreateImage"));
        all.add(
                worker(
                        "CreateImageFunction",
                        "of an instance that is gone",
                        this::creatingOfOneGone,
                        "CreateImage"));
        all.add(worker("CopyImageFunction", "of two", this::copying, "CopyImage"));
        all.add(
                worker(
                        "CopyImageFunction",
                        "of an image that is gone",
                        this::copyingOfOneGone,
                        "CopyImage"));
        all.add(
                event(
                        "when a home image is available",
                        () -> imageState(TestDeployment.EAST, "available"),
                        "ModifyImageAttribute"));
        all.add(
                event(
                        "when a copy is available",
                        () -> imageState(TestDeployment.WEST, "available"),
                        "ModifyImageAttribute"));
        all.add(
                event(
                        "when a home image failed",
                        () -> imageState(TestDeployment.EAST, "failed"),
                        "DeregisterImage"));
        all.add(
                event(
                        "when a copy failed",
                        () -> imageState(TestDeployment.WEST, "failed"),
                        "DeregisterImage"));
        all.add(event("when an image failed for good", this::failedForGood, "DeregisterImage"));
        all.add(
                event(
                        "when somebody disabled an image",
                        () -> byOthers("disabled"),
                        "DescribeImages"));
        all.add(
                event(
                        "when somebody deregistered an image",
                        () -> byOthers("deregistered"),
                        "DescribeImages"));
        all.add(
                ordered(
                        "of an image of snapshots",
                        this::registering,
                        "CreateTags",
                        "RegisterImage"));
        all.add(ordered("of an image that was lost", this::registeringAgain, "RegisterImage"));
        all.addAll(prunes());
        all.addAll(sweeps());
        all.addAll(longKeeping());
        return List.copyOf(all);
    }

    /** Each kind of gap that a sweep closes. */
    List<Scene> sweeps() {
        return List.of(
                sweep("of a slot that no tick took", this::slotWithoutTick, "TransactWriteItems"),
                sweep(
                        "of work that nobody was woken for",
                        () -> sweepOf(creating(0)),
                        "SendMessage"),
                sweep(
                        "of a home image whose event was lost",
                        () -> sweepOf(imageState(TestDeployment.EAST, "available")),
                        "ModifyImageAttribute"),
                sweep(
                        "of a copy whose event was lost",
                        () -> sweepOf(imageState(TestDeployment.WEST, "available")),
                        "ModifyImageAttribute"),
                sweep(
                        "of a failure whose event was lost",
                        () -> sweepOf(imageState(TestDeployment.EAST, "failed")),
                        "DeregisterImage"),
                sweep("of an image without a record", this::unknown, "TransactWriteItems"),
                sweep("of copies that nobody asked for", this::uncopied, "TransactWriteItems"),
                sweep(
                        "of an image that somebody disabled",
                        () -> sweepOf(byOthers("disabled")),
                        "TransactWriteItems"),
                sweep(
                        "of an image that somebody deregistered",
                        () -> sweepOf(byOthers("deregistered")),
                        "TransactWriteItems"),
                sweep("of images that are not shared", this::unshared, "ModifyImageAttribute"),
                sweep("of a removal half done", () -> sweepOf(finishing()), "DeleteSnapshot"));
    }

    /** Into S3 and back, and what else people order. */
    List<Scene> longKeeping() {
        return List.of(
                store("that begins", this::storing, "CreateStoreImageTask"),
                store("that ends", () -> stored(false), "TransactWriteItems"),
                store("whose task failed", () -> stored(true), "TransactWriteItems"),
                ordered("to store", this::toStore, "CreateStoreImageTask"),
                ordered("to fetch", this::toFetch, "CreateRestoreImageTask"),
                ordered("to take all access back", this::toUnshare, "ModifyImageAttribute"));
    }

    /** Each stage of pruning. */
    List<Scene> prunes() {
        return List.of(
                prune("that removes", 2, this::removing, "DeregisterImage"),
                prune("that disables", 6, this::disabling, "DisableImage"),
                prune("that removes after the dwell", 3, this::dwelled, "DeregisterImage"),
                prune(
                        "that brings back",
                        3,
                        this::bringingBack,
                        "EnableImage",
                        "ModifyImageAttribute"),
                prune("that deprecates", 2, this::deprecating, "EnableImageDeprecation"),
                prune("that protects", 2, this::protecting, "EnableImageDeregistrationProtection"),
                prune(
                        "that lifts protection",
                        4,
                        this::unprotecting,
                        "DisableImageDeregistrationProtection",
                        "EnableImageDeregistrationProtection"),
                prune("that finishes", 2, this::finishing, "DeleteSnapshot"),
                prune("that awaits an approval", 1, this::awaiting, "TransactWriteItems"));
    }

    /** Different functions at once. */
    List<Pair> pairs() {
        return List.of(
                pair("a tick beside a worker that creates", 0, this::tickBesideCreating),
                pair("a tick beside a request", 0, this::tickBesideRequest),
                pair("a tick beside a worker that copies", 0, this::tickBesideCopying),
                pair(
                        "a worker that copies beside a home image that is available",
                        0,
                        () -> copyingBeside(TestDeployment.EAST)),
                pair(
                        "a worker that copies beside a copy that is available",
                        0,
                        () -> copyingBeside(TestDeployment.WEST)),
                pair("pruning beside a worker that copies", 3, this::pruningBesideCopying),
                pair("pruning beside a worker that creates", 3, this::pruningBesideCreating),
                pair("pruning beside an image that is available", 3, this::pruningBesideAvailable),
                pair(
                        "pruning beside an image that somebody disabled",
                        3,
                        this::pruningBesideDisabled),
                pair("a sweep beside a worker that creates", 0, () -> sweepBeside(creating(0))),
                pair("a sweep beside a worker that copies", 0, () -> sweepBeside(copying())),
                pair("a sweep beside a tick", 0, () -> sweepBeside(slotWithTickLate())),
                pair(
                        "a sweep beside an image that is available",
                        0,
                        () -> sweepBeside(imageState(TestDeployment.EAST, "available"))),
                pair(
                        "a sweep beside an image that failed",
                        0,
                        () -> sweepBeside(imageState(TestDeployment.EAST, "failed"))),
                pair("a sweep beside pruning that removes", 3, () -> sweepBeside(removing())),
                pair("a sweep beside pruning that finishes", 3, () -> sweepBeside(finishing())),
                pair(
                        "a sweep beside pruning that brings back",
                        3,
                        () -> sweepBeside(bringingBack())),
                pair(
                        "pruning beside an image that somebody deregistered",
                        3,
                        this::pruningBesideDeregistered));
    }

    private static Pair pair(String what, int days, Supplier<Pair.Moment> moment) {
        return new Pair(what, moment, Optional.empty(), Duration.ofMinutes(6), days);
    }

    private static Pair.Moment beside(Moment first, Moment second) {
        return new Pair.Moment(second.given(), first.call(), second.call(), second.at());
    }

    private Pair.Moment sweepBeside(Moment moment) {
        return beside(sweepOf(moment), moment);
    }

    private Moment slotWithTickLate() {
        TestDeployment given = slotDue().given();
        given.cloud.advanceTo(SLOT.plus(Duration.ofMinutes(20)));
        return schedule(given);
    }

    private Pair.Moment tickBesideCreating() {
        Moment tick = slotDue();
        return beside(tick, create(tick.given()));
    }

    private Pair.Moment tickBesideRequest() {
        Moment tick = slotDue();
        return beside(tick, request(tick.given(), asked(tick.given(), "gold")));
    }

    private Pair.Moment tickBesideCopying() {
        Moment copying = copying();
        return beside(schedule(copying.given()), copying);
    }

    private Pair.Moment copyingBeside(String region) {
        TestDeployment given = given(NIGHTLY + SHARED);
        tick(given, SLOT);
        Moment available = follow(given, next(given, region, "available"));
        dropKicks(given);
        return beside(copy(given), available);
    }

    /** No copy could start for two nights; the older images are no longer kept by any rule. */
    private Pair.Moment pruningBesideCopying() {
        String policies = TO_WEST + "    keep: {last: 1}\n";
        TestDeployment given = given(NIGHTLY + policies);
        given.cloud
                .faults()
                .unreachable(TestDeployment.WEST, TestDeployment.START.plus(Duration.ofDays(3)));
        given.nights(2);
        Moment pruning = prune(prunedBy(given, policies), 3);
        return beside(copy(pruning.given()), pruning);
    }

    private Pair.Moment pruningBesideCreating() {
        TestDeployment given = twoNights(TO_WEST + "    keep: {last: 1}\n");
        request(given, asked(given, "gold")).call().run();
        dropKicks(given);
        return beside(create(given), pruneNow(given));
    }

    private Pair.Moment pruningBesideAvailable() {
        TestDeployment given = twoNights(TO_WEST + "    keep: {last: 1}\n");
        given.deployment.deliver(asked(given, "gold"));
        given.deployment.drain();
        Moment available = follow(given, next(given, TestDeployment.EAST, "available"));
        return beside(available, pruneNow(given));
    }

    private Pair.Moment pruningBesideDisabled() {
        TestDeployment given = twoNights(TO_WEST + "    keep: {last: 1}\n");
        String newest = given.records(TestDeployment.EAST).get(1).id().orElseThrow().value();
        given.ec2(TestDeployment.EAST).disableImage(image -> image.imageId(newest));
        Moment disabled = follow(given, next(given, TestDeployment.EAST, "disabled"));
        return beside(disabled, pruneNow(given));
    }

    private Pair.Moment pruningBesideDeregistered() {
        TestDeployment given = twoNights(TO_WEST + "    keep: {last: 1}\n");
        String newest = given.records(TestDeployment.EAST).get(1).id().orElseThrow().value();
        given.ec2(TestDeployment.EAST)
                .deregisterImage(image -> image.imageId(newest).deleteAssociatedSnapshots(true));
        Moment deregistered = follow(given, next(given, TestDeployment.EAST, "deregistered"));
        return beside(deregistered, pruneNow(given));
    }

    private Application environment(TestDeployment given) {
        return environment.apply(given);
    }

    private static Scene scheduled(String what, Supplier<Moment> moment, String... makes) {
        return new Scene(
                "ScheduleFunction", what, moment, Set.of(makes), Duration.ofMinutes(1), true, 0);
    }

    private static Scene requested(String what, Supplier<Moment> moment, String... makes) {
        return new Scene(
                "RequestFunction", what, moment, Set.of(makes), Duration.ofMinutes(1), false, 0);
    }

    private static Scene event(String what, Supplier<Moment> moment, String... makes) {
        return new Scene(
                "ImageStateFunction", what, moment, Set.of(makes), Duration.ofMinutes(1), true, 0);
    }

    private static Scene worker(
            String function, String what, Supplier<Moment> moment, String... makes) {
        return new Scene(function, what, moment, Set.of(makes), Duration.ofSeconds(330), true, 0);
    }

    private static Scene prune(String what, int days, Supplier<Moment> moment, String... makes) {
        return new Scene(
                "PruneFunction", what, moment, Set.of(makes), Duration.ofMinutes(1), true, days);
    }

    private static Scene sweep(String what, Supplier<Moment> moment, String... makes) {
        return new Scene(
                "SweepFunction", what, moment, Set.of(makes), Duration.ofMinutes(1), true, 0);
    }

    private static Scene store(String what, Supplier<Moment> moment, String... makes) {
        return new Scene(
                "StoreFunction", what, moment, Set.of(makes), Duration.ofMinutes(1), true, 1);
    }

    private static Scene ordered(String what, Supplier<Moment> moment, String... makes) {
        return new Scene(
                "OperateFunction", what, moment, Set.of(makes), Duration.ofMinutes(1), false, 1);
    }

    /** Two images of each server; the rules would let the older ones go. */
    private TestDeployment stored() {
        TestDeployment given = given(NIGHTLY + "    keep: {last: 1}\n" + STORE);
        given.nights(2);
        given.cloud.addBucket(TestDeployment.EAST, BUCKET);
        return prunedBy(given, "    keep: {last: 1}\n" + STORE);
    }

    private Moment storing() {
        TestDeployment given = stored();
        return storeNow(given);
    }

    private Moment stored(boolean fails) {
        TestDeployment given = stored();
        given.cloud.settings().failsToStore(_ -> fails);
        storeNow(given).call().run();
        given.cloud.settings().failsToStore(_ -> false);
        given.cloud.advance(Duration.ofHours(1));
        return storeNow(given);
    }

    private Moment toStore() {
        TestDeployment given = stored();
        String newest = given.records(TestDeployment.EAST).getLast().id().orElseThrow().value();
        return operate(given, "operate-store.json", Map.of("image", newest));
    }

    private Moment toFetch() {
        TestDeployment given = stored();
        String oldest = given.records(TestDeployment.EAST).getFirst().id().orElseThrow().value();
        storeNow(given).call().run();
        given.cloud.advance(Duration.ofHours(1));
        storeNow(given).call().run();
        pruneNow(given).call().run();
        given.cloud.takeEvents().forEach(given.deployment::deliver);
        return operate(given, "operate-fetch.json", Map.of("image", oldest));
    }

    /** The policy shared its images, and does so no more. */
    private Moment toUnshare() {
        TestDeployment given = given(NIGHTLY + SHARED);
        given.nights(1);
        return operate(
                given.redeployed(SELECT + NIGHTLY + TO_WEST),
                "operate-unshare-all.json",
                Map.of("with", List.of("111122223333"), "policy", "gold"));
    }

    private Moment storeNow(TestDeployment given) {
        Map<String, Object> event = at(given, "store.json");
        return new Moment(
                given,
                () ->
                        new StoreHandler(environment(given))
                                .handleRequest(event, given.context("StoreFunction")));
    }

    private Moment operate(TestDeployment given, String sample, Map<String, Object> detail) {
        Map<String, Object> event = at(given, sample);
        event.put("detail", detail);
        return new Moment(
                given,
                () ->
                        new OperateHandler(environment(given))
                                .handleRequest(event, given.context("OperateFunction")));
    }

    private Moment sweepOf(Moment moment) {
        Map<String, Object> event = at(moment.given(), "sweep.json");
        return new Moment(
                moment.given(),
                () ->
                        new SweepHandler(environment(moment.given()))
                                .handleRequest(event, moment.given().context("SweepFunction")));
    }

    private Moment slotWithoutTick() {
        Moment due = slotDue();
        due.given().cloud.advanceTo(SLOT.plus(Duration.ofMinutes(20)));
        return sweepOf(due);
    }

    /** As another catalogue, now lost, had it made. */
    private Moment unknown() {
        TestDeployment given = given(SHARED);
        String id = given.cloud.instances(TestDeployment.EAST).getFirst().instance().instanceId();
        ImageName name = new ImageName("gold", new InstanceId(id), new Slot(TestDeployment.START));
        List<TagSpecification> tags =
                Stream.of(ResourceType.IMAGE, ResourceType.SNAPSHOT)
                        .map(type ->
                                TagSpecification.builder()
                                        .resourceType(type)
                                        .tags(tags(name))
                                        .build())
                        .toList();
        given.ec2(TestDeployment.EAST)
                .createImage(image ->
                        image.instanceId(id).name(name.toString()).tagSpecifications(tags));
        given.cloud.advance(Duration.ofHours(1));
        given.cloud.takeEvents();
        return sweepOf(new Moment(given, () -> {}));
    }

    private static List<Tag> tags(ImageName name) {
        return ImageTags.of(name, Optional.empty(), Map.of(), List.of()).entrySet().stream()
                .map(tag -> Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
                .toList();
    }

    private Moment uncopied() {
        TestDeployment given = given(NIGHTLY);
        given.nights(1);
        return sweepOf(new Moment(given.redeployed(SELECT + NIGHTLY + SHARED), () -> {}));
    }

    private Moment unshared() {
        TestDeployment given = given(NIGHTLY + TO_WEST);
        given.nights(1);
        return sweepOf(new Moment(given.redeployed(SELECT + NIGHTLY + SHARED), () -> {}));
    }

    private TestDeployment given(String policies) {
        TestDeployment given = deploy.apply(SELECT + policies);
        given.deployment.withoutSchedules();
        given.instance(TestDeployment.EAST, "web-1", 2);
        given.instance(TestDeployment.EAST, "web-2", 2);
        tick(given, TestDeployment.START);
        return given;
    }

    private static void tick(TestDeployment given, Instant at) {
        given.cloud.advanceTo(at);
        given.deployment.tick(at);
    }

    /** Also of a notice that is to be told. */
    private Moment slotDue() {
        TestDeployment given = given(NIGHTLY + SHARED);
        tick(given, SLOT.minus(Duration.ofMinutes(5)));
        given.deployment.deliver(asked(given, "platinum"));
        given.cloud.advanceTo(SLOT);
        return schedule(given);
    }

    private Moment slotsMissed() {
        TestDeployment given = given(HOURLY + TO_WEST);
        given.cloud.advanceTo(SLOT.plus(Duration.ofHours(3)));
        return schedule(given);
    }

    private Moment tagged() {
        TestDeployment given = given(SHARED);
        request(
                given,
                given.cloud.instances(TestDeployment.EAST).getFirst().instance().instanceId());
        Map<String, Object> event = next(given, "Tag Change on Resource", Map.of());
        return request(given, event);
    }

    private Moment refused() {
        TestDeployment given = given(SHARED);
        return request(given, asked(given, "platinum"));
    }

    private Moment creating(int hiddenCalls) {
        TestDeployment given = given(NIGHTLY + SHARED);
        given.cloud.settings().hiddenCalls(hiddenCalls);
        given.cloud.advanceTo(SLOT);
        schedule(given).call().run();
        dropKicks(given);
        return create(given);
    }

    private Moment copying() {
        TestDeployment given = given(NIGHTLY + SHARED);
        tick(given, SLOT);
        while (given.records(TestDeployment.WEST).size() < 2) {
            given.cloud.advanceTo(given.cloud.nextDue().orElseThrow());
            given.cloud.takeEvents().forEach(given.deployment::deliver);
        }
        dropKicks(given);
        return copy(given);
    }

    private Moment creatingOfOneGone() {
        TestDeployment given = creating(0).given();
        terminateOne(given);
        return create(given);
    }

    private static void terminateOne(TestDeployment given) {
        String id = given.cloud.instances(TestDeployment.EAST).getFirst().instance().instanceId();
        given.ec2(TestDeployment.EAST).terminateInstances(terminate -> terminate.instanceIds(id));
        given.cloud.advance(Duration.ofMinutes(3));
    }

    private Moment copyingOfOneGone() {
        TestDeployment given = copying().given();
        String id = given.records(TestDeployment.EAST).getFirst().id().orElseThrow().value();
        given.ec2(TestDeployment.EAST)
                .deregisterImage(image -> image.imageId(id).deleteAssociatedSnapshots(true));
        given.cloud.takeEvents().forEach(given.deployment::deliver);
        return copy(given);
    }

    private Moment imageState(String region, String state) {
        TestDeployment given = given(NIGHTLY + SHARED);
        given.cloud
                .settings()
                .failing(attempt ->
                        state.equals("failed")
                                && attempt.region().equals(region)
                                && attempt.number() == 1);
        tick(given, SLOT);
        return follow(given, next(given, region, state));
    }

    private Moment failedForGood() {
        TestDeployment given = given(NIGHTLY + SHARED);
        given.cloud.settings().failing(attempt -> true);
        tick(given, SLOT);
        for (int minutes : List.of(25, 70)) {
            given.deployment.deliver(next(given, TestDeployment.EAST, "failed"));
            given.cloud.advanceTo(SLOT.plus(Duration.ofMinutes(minutes)));
            given.deployment.sweep(given.cloud.now());
        }
        return follow(given, next(given, TestDeployment.EAST, "failed"));
    }

    private Moment byOthers(String state) {
        TestDeployment given = given(NIGHTLY + SHARED);
        given.nights(1);
        String id = given.images(TestDeployment.EAST).getFirst().image().imageId();
        switch (state) {
            case "disabled" ->
                    given.ec2(TestDeployment.EAST).disableImage(image -> image.imageId(id));
            case "deregistered" ->
                    given.ec2(TestDeployment.EAST)
                            .deregisterImage(
                                    image -> image.imageId(id).deleteAssociatedSnapshots(true));
            default -> throw new IllegalArgumentException(state);
        }
        return follow(given, next(given, TestDeployment.EAST, state));
    }

    /** Two nights of images, under a policy that makes no more of them. */
    private TestDeployment twoNights(String policies) {
        TestDeployment given = given(NIGHTLY + policies);
        given.nights(2);
        return prunedBy(given, policies);
    }

    private static TestDeployment prunedBy(TestDeployment given, String policies) {
        TestDeployment pruned = given.redeployed(SELECT + policies + NO_LIMITS);
        pruned.deployment.withoutSchedules();
        return pruned;
    }

    private Moment removing() {
        return prune(twoNights(TO_WEST + "    keep: {last: 1}\n"), 3);
    }

    private Moment disabling() {
        return prune(twoNights(TO_WEST + "    keep: {last: 1}\n    retire: {disableFor: 3d}\n"), 3);
    }

    private Moment dwelled() {
        Moment first = disabling();
        first.call().run();
        return prune(first.given(), 7);
    }

    private Moment bringingBack() {
        Moment first =
                prune(
                        twoNights(
                                """
                                    keep: {last: 1}
                                    retire: {disableFor: 3d}
                                    share: {accounts: ["111122223333"]}
                                """),
                        3);
        first.call().run();
        Moment second = prune(first.given(), 5);
        second.call().run();
        TestDeployment given = second.given();
        for (int i = 0; i < 2; i++) {
            String id = given.records(TestDeployment.EAST).get(i).id().orElseThrow().value();
            tag(given, id, ImageTags.HOLD);
        }
        return prune(given, 6);
    }

    private Moment deprecating() {
        return prune(twoNights("    keep: {last: 3}\n    retire: {deprecateAfter: 30d}\n"), 3);
    }

    private Moment protecting() {
        return prune(twoNights("    keep: {last: 3, atLeast: 1}\n    protect: true\n"), 3);
    }

    private Moment unprotecting() {
        String policies = "    keep: {last: 2, atLeast: 1}\n    protect: true\n";
        TestDeployment given = given(NIGHTLY + policies);
        given.nights(2);
        prune(given, 2).call().run();
        given.nights(3, 1);
        return prune(prunedBy(given, policies), 4);
    }

    /** A removal that was refused; then somebody deregisters without the snapshots. */
    private Moment finishing() {
        TestDeployment given = twoNights("    keep: {last: 1}\n");
        given.cloud.faults().calls("DeregisterImage").times(2).deny();
        prune(given, 3).call().run();
        given.cloud.faults().clear();
        given.deployment.tick(given.cloud.now());
        given.records(TestDeployment.EAST).stream()
                .filter(record -> !record.snapshots().isEmpty())
                .forEach(record ->
                        given.ec2(TestDeployment.EAST)
                                .deregisterImage(
                                        image -> image.imageId(record.id().orElseThrow().value())));
        return prune(given, 4);
    }

    private Moment awaiting() {
        String policies = "    keep: {last: 1}\n";
        TestDeployment given = given(NIGHTLY + policies);
        given.nights(2);
        return prune(given.redeployed(SELECT + policies + "    limits: {maxRemoveCount: 1}\n"), 3);
    }

    /** Somebody made snapshots of a server's two volumes. */
    private Moment registering() {
        TestDeployment given = given(SHARED);
        Instance server = given.cloud.instances(TestDeployment.EAST).getFirst().instance();
        List<String> made =
                server.blockDeviceMappings().stream()
                        .map(device ->
                                given.ec2(TestDeployment.EAST)
                                        .createSnapshot(it -> it.volumeId(device.ebs().volumeId()))
                                        .snapshotId())
                        .toList();
        given.cloud.advance(Duration.ofHours(1));
        Map<String, Object> event = at(given, "operate-register.json");
        event.put(
                "detail",
                Map.of(
                        "policy",
                        "gold",
                        "instance",
                        server.instanceId(),
                        "root",
                        made.getFirst(),
                        "volumes",
                        made.subList(1, made.size())));
        return operate(given, event);
    }

    /** Somebody deregistered an image and left its snapshots. */
    private Moment registeringAgain() {
        TestDeployment given = given(NIGHTLY + SHARED);
        given.nights(1);
        ImageId id = given.records(TestDeployment.EAST).getFirst().id().orElseThrow();
        String snapshot = given.snapshotsOf(id).getFirst().value();
        given.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(id.value()));
        Map<String, Object> event = at(given, "operate-register-again.json");
        event.put("detail", Map.of("snapshot", snapshot));
        given.deployment.deliverEvents();
        return operate(given, event);
    }

    private Moment operate(TestDeployment given, Map<String, Object> event) {
        return new Moment(
                given,
                () ->
                        new OperateHandler(environment(given))
                                .handleRequest(event, given.context("OperateFunction")));
    }

    private Moment schedule(TestDeployment given) {
        Map<String, Object> event = at(given, "schedule.json");
        return new Moment(
                given,
                () ->
                        new ScheduleHandler(environment(given))
                                .handleRequest(event, given.context("ScheduleFunction")));
    }

    private Moment request(TestDeployment given, Map<String, Object> event) {
        return new Moment(
                given,
                () ->
                        new ImageRequestHandler(environment(given))
                                .handleRequest(event, given.context("RequestFunction")));
    }

    private Moment create(TestDeployment given) {
        SQSEvent kick = Samples.delivery(kick(given, TestDeployment.EAST));
        return new Moment(
                given,
                () ->
                        new CreateImageHandler(environment(given))
                                .handleRequest(kick, given.context("CreateImageFunction")));
    }

    private Moment copy(TestDeployment given) {
        SQSEvent kick = Samples.delivery(kick(given, TestDeployment.WEST));
        return new Moment(
                given,
                () ->
                        new CopyImageHandler(environment(given))
                                .handleRequest(kick, given.context("CopyImageFunction")));
    }

    private Moment follow(TestDeployment given, Map<String, Object> event) {
        return new Moment(
                given,
                () ->
                        new ImageStateHandler(environment(given))
                                .handleRequest(event, given.context("ImageStateFunction")));
    }

    /** At half past four of a day of March, counted from the first one. */
    private Moment prune(TestDeployment given, int day) {
        given.deployment.withoutSchedules();
        given.deployment.runUntil(
                TestDeployment.START.plus(Duration.ofDays(day)).plus(Duration.ofMinutes(270)));
        return pruneNow(given);
    }

    private Moment pruneNow(TestDeployment given) {
        Map<String, Object> event = at(given, "prune.json");
        return new Moment(
                given,
                () ->
                        new PruneHandler(environment(given))
                                .handleRequest(event, given.context("PruneFunction")));
    }

    private static Map<String, Object> at(TestDeployment given, String sample) {
        Map<String, Object> event = Samples.read(sample);
        event.put("time", given.cloud.now().toString());
        return event;
    }

    private static Map<String, Object> asked(TestDeployment given, String policy) {
        Map<String, Object> event = at(given, "request-event.json");
        event.put(
                "detail",
                Map.of(
                        "instances",
                        given.cloud.instances(TestDeployment.EAST).stream()
                                .map(instance -> instance.instance().instanceId())
                                .toList(),
                        "policy",
                        policy));
        return event;
    }

    private static Map<String, Object> kick(TestDeployment given, String region) {
        String body = Kick.body(new Region(region), given.cloud.now());
        return Map.of("Records", List.of(Map.of("messageId", "kick-1", "body", body)));
    }

    private static void request(TestDeployment given, String instance) {
        tag(given, instance, ImageTags.REQUEST);
    }

    private static void tag(TestDeployment given, String id, String key) {
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(id).tags(Tag.builder().key(key).value("yes").build()));
    }

    private static Map<String, Object> next(TestDeployment given, String region, String state) {
        return next(given, "EC2 AMI State Change", Map.of("region", region, "State", state));
    }

    /** Plays until this event comes; those before it and beside it are delivered. */
    private static Map<String, Object> next(
            TestDeployment given, String detailType, Map<String, String> fields) {
        while (true) {
            Optional<Map<String, Object>> found = Optional.empty();
            for (Map<String, Object> event : given.cloud.takeEvents()) {
                if (found.isEmpty() && is(event, detailType, fields)) {
                    found = Optional.of(event);
                } else {
                    given.deployment.deliver(event);
                }
            }
            if (found.isPresent()) {
                return found.get();
            }
            given.deployment.drain();
            given.cloud.advanceTo(given.cloud.nextDue().orElseThrow());
        }
    }

    private static boolean is(
            Map<String, Object> event, String detailType, Map<String, String> fields) {
        return detailType.equals(event.get("detail-type"))
                && event.get("detail") instanceof Map<?, ?> detail
                && fields.entrySet().stream()
                        .allMatch(field ->
                                field.getValue().equals(event.get(field.getKey()))
                                        || field.getValue().equals(detail.get(field.getKey())));
    }

    /** Whatever was to wake a worker is lost. */
    private static void dropKicks(TestDeployment given) {
        Settings settings = given.deployment.application().settings();
        SqsClient sqs = given.cloud.sqs(TestDeployment.EAST);
        for (String queue : List.of(settings.createQueue(), settings.copyQueue())) {
            List<Message> some;
            do {
                some =
                        sqs.receiveMessage(
                                        receive -> receive.queueUrl(queue).maxNumberOfMessages(10))
                                .messages();
                some.forEach(message ->
                        sqs.deleteMessage(delete ->
                                delete.queueUrl(queue).receiptHandle(message.receiptHandle())));
            } while (!some.isEmpty());
        }
    }
}
