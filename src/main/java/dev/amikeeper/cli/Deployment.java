package dev.amikeeper.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.demo.Demo;
import dev.amikeeper.demo.DemoFleet;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.operate.OperateHandler;
import dev.amikeeper.operate.Order;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.sweep.Drift;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.InvocationType;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The deployment that a command is about: the account's, or one on the embedded cloud. */
final class Deployment {
    private static final int DAYS = 12;
    private static final long SEED = 1;
    private static final int COPIES_FAIL_FROM = 8;
    private static final String COPIES_FAIL_TO = "eu-west-1";
    private static final String BUCKET = "ami-archive-us-east-1";
    private static final Instant STORED = Demo.START.plus(Duration.ofHours(4 * 24 + 18));
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Option(
            names = "--demo",
            description =
                    "Works on a simulated cloud on which the demo's fleet has been imaged for "
                            + DAYS
                            + " days, and one instance's copies fail; needs no account. It has the"
                            + " bucket ami-archive-us-east-1.")
    private boolean demo;

    private final Supplier<LocalDeployment> play;
    private @Nullable LocalDeployment played;

    /**
     * The account's, unless the demo's is asked for.
     *
     * @param play plays the demo's days
     */
    Deployment(Supplier<LocalDeployment> play) {
        this.play = play;
    }

    /** This deployment, on its embedded cloud, taken for somebody's own. */
    Deployment(LocalDeployment deployment) {
        this(() -> deployment);
        played = deployment;
    }

    /** Whether it is the demo's, where nothing is anybody's. */
    boolean isDemo() {
        return demo;
    }

    private boolean isSimulated() {
        return demo || played != null;
    }

    /** Calls functions as EventBridge does: they are retried, and nobody waits for an answer. */
    interface Functions {
        /**
         * Calls a function by its ARN with an event in JSON.
         *
         * @throws SdkException if Lambda does not take it
         */
        void invoke(String arn, String event);
    }

    /**
     * The application.
     *
     * @throws UnusableException if the environment does not say where the deployment is
     */
    Application application() {
        if (isSimulated()) {
            return played().application();
        }
        try {
            return Application.get();
        } catch (IllegalArgumentException incomplete) {
            throw new UnusableException(
                    incomplete.getMessage()
                            + ".\nTake the values from the stack's outputs (aws cloudformation"
                            + " describe-stacks --stack-name amikeeper), or try --demo.");
        }
    }

    /**
     * The application of the day when the table is lost; the demo's is lost then and there.
     *
     * @throws UnusableException if the environment does not say where the deployment is
     */
    Application afterTheLoss() {
        if (isSimulated()) {
            played().loseTable();
        }
        return application();
    }

    /**
     * The application of the day when somebody deregistered an image and left its snapshots, and
     * made a snapshot of a server by hand; the demo's do so then and there.
     *
     * @param tell is told what the demo's did
     * @throws UnusableException if the environment does not say where the deployment is
     */
    Application afterTheMishap(Consumer<String> tell) {
        if (isSimulated()) {
            mishap(played(), tell);
        }
        return application();
    }

    private static void mishap(LocalDeployment deployment, Consumer<String> tell) {
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
        tell.accept(
                "(demo: somebody deregistered %s, which leaves %s, and made %s of the root of %s)"
                        .formatted(id, left, made, lost.name().instance()));
    }

    /** Waits for a while; the demo's clock is simply moved. */
    Consumer<Duration> pause() {
        return isSimulated() ? played().cloud()::advance : Deployment::sleep;
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new UnusableException("Stopped. Run it again, and it goes on where it was.");
        }
    }

    /** The functions. */
    Functions functions() {
        if (isSimulated()) {
            return functions(played());
        }
        return Deployment::invoke;
    }

    static Functions functions(LocalDeployment deployment) {
        return (arn, event) -> {
            try {
                deployment.invoke(arn, JSON.readValue(event, new TypeReference<>() {}));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("an event is JSON", e);
            }
        };
    }

    private static void invoke(String arn, String event) {
        try (LambdaClient lambda =
                LambdaClient.builder().httpClient(Application.httpClient()).build()) {
            lambda.invoke(invoke ->
                    invoke.functionName(arn)
                            .invocationType(InvocationType.EVENT)
                            .payload(SdkBytes.fromUtf8String(event)));
        }
    }

    private LocalDeployment played() {
        LocalDeployment deployment = played;
        if (deployment == null) {
            deployment = play.get();
            played = deployment;
        }
        return deployment;
    }

    /** The demo's days, from their beginning. */
    static LocalDeployment play() {
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
        LocalDeployment deployment = LocalDeployment.inMemory(cloud, Demo.HOME, policies());
        deployment.sweepEvery(Duration.ofHours(1));
        deployment.runUntil(from);
        storeOne(deployment);
        deployment.runUntil(Demo.START.plus(Duration.ofDays(DAYS)));
        deployment.sweepEvery(Drift.EVERY);
        return deployment;
    }

    /** One that the rules let go before the days are over, so that there is one to fetch. */
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

    private static Policies policies() {
        String name = "demo-policies.yaml";
        try (InputStream in =
                Objects.requireNonNull(Deployment.class.getResourceAsStream("/" + name))) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Policies.parse(text, name, Demo.HOME, Application.regions(Demo.HOME));
        } catch (IOException e) {
            throw new IllegalStateException("a resource of our own can be read", e);
        }
    }
}
