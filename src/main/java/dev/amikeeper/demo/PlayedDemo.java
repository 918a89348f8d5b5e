package dev.amikeeper.demo;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.operate.OperateHandler;
import dev.amikeeper.operate.Order;
import dev.amikeeper.sweep.Drift;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Instance;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;

/** The demo's deployment as commands find it: after some days in which a few things went wrong. */
public final class PlayedDemo {
    /** How many days were played. */
    public static final int DAYS = 12;

    /** The bucket in which an image is stored. */
    public static final String BUCKET = "ami-archive-us-east-1";

    private static final long SEED = 1;
    private static final int COPIES_FAIL_FROM = 8;
    private static final String COPIES_FAIL_TO = "eu-west-1";
    private static final Instant STORED = Demo.START.plus(Duration.ofHours(4 * 24 + 18));

    private PlayedDemo() {}

    /** Plays the demo's days from the beginning. */
    public static LocalDeployment play() {
        SimulatedCloud cloud = new SimulatedCloud(Demo.START, SEED);
        DemoFleet fleet = DemoFleet.launch(cloud, new Random(SEED));
        InstanceId unlucky = fleet.instances().getFirst().id();
        Instant from = Demo.START.plus(Duration.ofDays(COPIES_FAIL_FROM));
        cloud.settings()
                .failing(attempt ->
                        attempt.copy()
                                && attempt.region().equals(COPIES_FAIL_TO)
                                && ImageName.parse(attempt.name())
                                        .filter(name -> name.instance().equals(unlucky))
                                        .filter(name -> name.slot().time().isAfter(from))
                                        .isPresent());
        LocalDeployment deployment = LocalDeployment.inMemory(cloud, Demo.HOME, Demo.ownPolicies());
        deployment.sweepEvery(Duration.ofHours(1));
        deployment.runUntil(from);
        storeOne(deployment);
        deployment.runUntil(Demo.START.plus(Duration.ofDays(DAYS)));
        deployment.sweepEvery(Drift.EVERY);
        return deployment;
    }

    /**
     * Stores an image that the rules remove before the days are over, so that there is one to
     * fetch.
     */
    private static void storeOne(LocalDeployment deployment) {
        deployment.cloud().addBucket(Demo.HOME.name(), BUCKET);
        Application app = deployment.application();
        app.catalog().ofPolicy("silver", Demo.HOME).stream()
                .filter(image -> image.name().slot().time().equals(STORED))
                .flatMap(image -> image.id().stream())
                .findFirst()
                .ifPresent(image ->
                        new OperateHandler(app)
                                .carryOut(
                                        new Order.Store(
                                                Demo.HOME, image, Optional.of(BUCKET), false),
                                        app.clock().instant()));
    }

    /**
     * Somebody deregisters an image but leaves its snapshots, and makes a snapshot of a server by
     * hand.
     *
     * @return which ones, in one line
     */
    public static String mishap(LocalDeployment deployment) {
        Catalog catalog = deployment.application().catalog();
        Ec2Client ec2 = deployment.cloud().ec2(Demo.HOME.name());
        Image lost =
                catalog.ofPolicy("gold", Demo.HOME).stream()
                        .filter(Image::isGood)
                        .findFirst()
                        .orElseThrow();
        ImageId id = lost.id().orElseThrow();
        SnapshotId left =
                Objects.requireNonNull(
                                deployment
                                        .application()
                                        .images()
                                        .reads()
                                        .find(Demo.HOME, List.of(id))
                                        .get(id))
                        .snapshots()
                        .getFirst();
        Instance server =
                ec2.describeInstances(ask -> ask.instanceIds(lost.name().instance().value()))
                        .reservations()
                        .getFirst()
                        .instances()
                        .getFirst();
        String made =
                ec2.createSnapshot(create ->
                                create.volumeId(
                                        server.blockDeviceMappings().getFirst().ebs().volumeId()))
                        .snapshotId();
        ec2.deregisterImage(image -> image.imageId(id.value()));
        deployment.runUntil(deployment.cloud().now().plus(Duration.ofHours(1)));
        return "(demo: somebody deregistered %s, which leaves %s, and made %s of the root of %s)"
                .formatted(id, left, made, lost.name().instance());
    }
}
