package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.SweepState;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.SimulatedNetworks;
import dev.amikeeper.policy.Policies;

import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Ten days of a few servers to which everything happens that leaves an item of its own kind. */
final class StoredScene {
    static final Region HOME = new Region("us-east-1");
    static final Region WEST = new Region("us-west-2");

    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final String BUCKET = "archive-us-east-1";

    private final SimulatedCloud cloud = new SimulatedCloud(START, 7);
    private final String policies;
    private LocalDeployment deployment;
    private int orders;

    private StoredScene(String policies, String before) {
        this.policies = policies;
        deployment = deployed(before);
    }

    /**
     * Plays it.
     *
     * @param policies what is deployed in the end
     * @param before what was deployed for the first two days
     */
    static LocalDeployment play(String policies, String before) {
        StoredScene scene = new StoredScene(policies, before);
        scene.play();
        return scene.deployment;
    }

    static Policies read(String text) {
        return Policies.parse(text, "policies.yaml", HOME, Application.regions(HOME));
    }

    private LocalDeployment deployed(String text) {
        return LocalDeployment.inMemory(cloud, HOME, read(text));
    }

    private void play() {
        SimulatedNetworks drills = cloud.networks(WEST.name());
        String vpc = drills.addVpc();
        drills.addSubnet(vpc, WEST + "a", Map.of("Name", "drills"));
        drills.addGroup(vpc, "drills", Map.of());
        String web =
                cloud.launch(
                        HOME.name(),
                        tags("web-1", "gold"),
                        List.of(8, 20),
                        as -> as.userData("IyEvYmluL3NoCg==").keyName("ops"));
        final String db = launch("db-1", "gold");
        final String mail = launch("mail-1", "silver");
        final String gone = launch("gone-1", "silver");
        launch("old-1", "bronze");
        cloud.addBucket(HOME.name(), BUCKET);
        cloud.settings()
                .failing(attempt ->
                        ImageName.parse(attempt.name())
                                .filter(name -> name.instance().value().equals(db))
                                .map(ImageName::slot)
                                .filter(slot ->
                                        slot.time().equals(night(9))
                                                || slot.time().equals(night(10))
                                                || (attempt.copy() && slot.time().equals(night(4))))
                                .isPresent());

        until(2, 12);
        // Two nights without ticks, and other policies after them.
        cloud.advanceTo(at(4, 6));
        deployment = deployed(policies);
        cloud.settings().failsToStore(of(db, 2)::equals);

        until(4, 11);
        tag(of(web, 2), ImageTags.HOLD, "audit");
        order("Store Requested", Map.of("image", of(web, 1), "bucket", BUCKET));
        order("Store Requested", Map.of("image", of(mail, 1), "bucket", BUCKET));
        order("Store Requested", Map.of("image", of(mail, 2), "bucket", BUCKET));
        order("Store Requested", Map.of("image", of(db, 2), "bucket", BUCKET));
        cloud.usedByOthers(HOME.name(), of(db, 1), "111122223333", 1);
        String byHand =
                cloud.ec2(HOME.name())
                        .createImage(image -> image.instanceId(db).name("by hand").noReboot(true))
                        .imageId();
        until(5, 10);
        order("Adopt Requested", Map.of("image", byHand, "policy", "gold"));
        order("Deregister Requested", Map.of("image", of(mail, 1), "by", "alice"));
        cloud.ec2(HOME.name()).terminateInstances(terminate -> terminate.instanceIds(gone));
        until(5, 11);
        order("Restore Requested", Map.of("instance", gone));
        until(8, 10);
        cloud.ec2(HOME.name()).deregisterImage(image -> image.imageId(of(mail, 7)));
        cloud.ec2(HOME.name()).disableImage(image -> image.imageId(of(mail, 6)));
        order("Backup Requested", Map.of("instances", List.of(mail), "policy", "silver"));
        tag(web, ImageTags.REQUEST, "before-upgrade");
        until(8, 11);
        cloud.ec2(HOME.name()).stopInstances(stop -> stop.instanceIds(mail));

        until(10, 1);
        lastHours(web, db, mail, gone);
    }

    /** What is under way when the items are looked at, and what passes by quickly. */
    private void lastHours(String web, String db, String mail, String gone) {
        until(10, 2, 8);
        order("Backup Requested", Map.of("instances", List.of(mail, web)));
        cloud.faults().calls("Publish").times(1000).error("InternalError", 500);
        cloud.faults().calls("CreateStoreImageTask").nth(2).error("ResourceLimitExceeded", 400);
        order("Store Requested", Map.of("image", of(mail, 8), "bucket", BUCKET));
        order("Store Requested", Map.of("image", of(mail, 9), "bucket", BUCKET));
        order("Fetch Requested", Map.of("bucket", BUCKET, "key", stored(mail) + ".bin"));
        order("Restore Requested", Map.of("instance", gone, "region", HOME.name()));
        order("Restore Requested", Map.of("instance", web, "replaceRoot", true));
        order("Deregister Requested", Map.of("image", "ami-0none", "by", "alice"));
        deployment.application().announcements().publish();
        order("Deregister Requested", Map.of("image", "ami-0none", "by", "bob"));
        cloud.advance(Duration.ofMinutes(1));
        order("Share Requested", Map.of("image", "ami-0none", "with", List.of("111122223333")));
        passBy(db);
        deployment
                .application()
                .catalog()
                .swept(
                        new SweepState(
                                Optional.of(new SweepState.Unit(WEST, "silver")),
                                List.of(
                                        new SweepState.Seen(
                                                HOME,
                                                new InstanceId(web),
                                                "before-upgrade",
                                                at(10, 1))),
                                Map.of(
                                        HOME,
                                        new SweepState.Settled(at(10, 0), "7f83b1657ff1fc53"))));
    }

    /** The states that last for one call only. */
    private void passBy(String instance) {
        List<Image> good = good(instance);
        Instant now = cloud.now();
        List<SnapshotId> snapshots = List.of(new SnapshotId("snap-0abc"));
        Image first = good.get(0);
        save(first, first.disabling("no rule keeps it", snapshots, List.of("111122223333"), now));
        Image second = good.get(1);
        save(second, second.retiring("no rule keeps it", snapshots, now));
        Image third = good.get(2);
        Image left = third.disabling("no rule keeps it", snapshots, List.of(), now);
        save(third, left);
        Image disabled = left.disabledUntil(now.plus(Duration.ofDays(2)), now);
        save(left, disabled);
        save(disabled, disabled.enabling(now));
        Image alone =
                deployment.application().catalog().ofPolicy("bronze", HOME).stream()
                        .filter(Image::isGood)
                        .findFirst()
                        .orElseThrow();
        deployment.application().catalog().request(List.of(alone.copyTo(WEST, now)));
    }

    private void save(Image before, Image after) {
        if (!deployment.application().catalog().save(Change.of(before, after))) {
            throw new AssertionError("not saved: " + after);
        }
    }

    private List<Image> good(String instance) {
        return deployment.application().catalog().ofInstance(new InstanceId(instance)).stream()
                .filter(image -> image.region().equals(WEST))
                .filter(Image::isGood)
                .sorted(Comparator.comparing(Image::name))
                .toList();
    }

    private String stored(String instance) {
        return deployment.application().catalog().removed("silver", HOME).stream()
                .filter(tombstone -> tombstone.name().instance().value().equals(instance))
                .filter(tombstone -> tombstone.image().stored().isPresent())
                .findFirst()
                .flatMap(Tombstone::id)
                .map(ImageId::value)
                .orElseThrow();
    }

    /** The image of a night at home; empty if there is none. */
    private String of(String instance, int night) {
        return deployment.application().catalog().ofInstance(new InstanceId(instance)).stream()
                .filter(image -> image.region().equals(HOME))
                .filter(image -> image.state() == ImageState.AVAILABLE)
                .filter(image -> image.name().slot().time().equals(night(night)))
                .findFirst()
                .flatMap(Image::id)
                .map(ImageId::value)
                .orElse("");
    }

    private String launch(String name, String backup) {
        return cloud.launch(HOME.name(), tags(name, backup), List.of(8));
    }

    private static Map<String, String> tags(String name, String backup) {
        return Map.of("Name", name, "backup", backup);
    }

    private void tag(String resource, String key, String value) {
        cloud.ec2(HOME.name())
                .createTags(tags ->
                        tags.resources(resource).tags(Tag.builder().key(key).value(value).build()));
    }

    private void until(int day, int hour) {
        until(day, hour, 0);
    }

    private void until(int day, int hour, int minute) {
        deployment.runUntil(at(day, hour).plus(Duration.ofMinutes(minute)));
    }

    private static Instant night(int day) {
        return at(day, 2);
    }

    private static Instant at(int day, int hour) {
        return START.plus(Duration.ofDays(day - 1)).plus(Duration.ofHours(hour));
    }

    private void order(String what, Map<String, Object> detail) {
        orders++;
        deployment.deliver(
                Map.of(
                        "version",
                        "0",
                        "id",
                        "order-" + orders,
                        "detail-type",
                        what,
                        "source",
                        "amikeeper",
                        "account",
                        SimulatedCloud.ACCOUNT,
                        "time",
                        cloud.now().toString(),
                        "region",
                        HOME.name(),
                        "resources",
                        List.of(),
                        "detail",
                        detail));
    }
}
