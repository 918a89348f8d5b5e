package dev.amikeeper;

import dev.amikeeper.alerts.Announcements;
import dev.amikeeper.alerts.CopyTroubles;
import dev.amikeeper.backup.RequestRecorder;
import dev.amikeeper.backup.Tick;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.DynamoDbCatalog;
import dev.amikeeper.ec2.Commands;
import dev.amikeeper.ec2.ImageDoors;
import dev.amikeeper.ec2.InstanceProfiles;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.Launcher;
import dev.amikeeper.ec2.Pace;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.ec2.Sources;
import dev.amikeeper.image.Region;
import dev.amikeeper.lifecycle.ImageProgress;
import dev.amikeeper.lifecycle.Relay;
import dev.amikeeper.lifecycle.Retry;
import dev.amikeeper.lifecycle.Shares;
import dev.amikeeper.lifecycle.StartRecorder;
import dev.amikeeper.lifecycle.Worker;
import dev.amikeeper.policy.InvalidPolicyException;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.queue.DeadLetters;
import dev.amikeeper.queue.Kicks;
import dev.amikeeper.restore.Fleet;
import dev.amikeeper.restore.Leases;
import dev.amikeeper.restore.RestoreEnd;
import dev.amikeeper.restore.RestorePlanner;
import dev.amikeeper.restore.Restores;
import dev.amikeeper.retention.ImageRemoval;
import dev.amikeeper.retention.Planner;
import dev.amikeeper.retention.Undo;
import dev.amikeeper.sweep.Rebuild;
import dev.amikeeper.usage.Probes;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.autoscaling.AutoScalingClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.ssm.SsmClient;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The objects that the handlers share, built once. */
public record Application(
        Settings settings,
        Policies policies,
        Catalog catalog,
        ImageDoors images,
        Instances instances,
        Sources sources,
        Probes probes,
        Launcher launcher,
        Commands commands,
        InstanceProfiles profiles,
        Kicks kicks,
        DeadLetters deadLetters,
        Announcements announcements,
        InstantSource clock,
        Pace pace,
        SideBySide sideBySide) {
    /**
     * AWS's services, as this application calls them. Most calls of most functions need neither
     * queues nor notices, so those clients are built when they are first used.
     */
    public record Cloud(
            Function<Region, Ec2Client> ec2,
            Function<Region, AutoScalingClient> autoScaling,
            Function<Region, SsmClient> ssm,
            Function<Region, IamClient> iam,
            DynamoDbClient dynamoDb,
            Supplier<SqsClient> sqs,
            Supplier<SnsClient> sns,
            InstantSource clock,
            Consumer<Duration> pause,
            RandomGenerator random,
            SideBySide sideBySide) {
        /** With clients that are there already. */
        public Cloud(
                Function<Region, Ec2Client> ec2,
                Function<Region, AutoScalingClient> autoScaling,
                Function<Region, SsmClient> ssm,
                Function<Region, IamClient> iam,
                DynamoDbClient dynamoDb,
                SqsClient sqs,
                SnsClient sns,
                InstantSource clock,
                Consumer<Duration> pause,
                RandomGenerator random,
                SideBySide sideBySide) {
            this(
                    ec2,
                    autoScaling,
                    ssm,
                    iam,
                    dynamoDb,
                    () -> sqs,
                    () -> sns,
                    clock,
                    pause,
                    random,
                    sideBySide);
        }
    }

    private static final Logger log = LoggerFactory.getLogger(Application.class);

    private static @Nullable Application instance;

    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(5);
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(20);

    /**
     * Enough for the pruner, which makes 16 calls at a time in each of many Regions. The client's
     * own limit is 50, and a call that waits for a connection for ten seconds fails.
     */
    private static final int CONNECTIONS = 400;

    /**
     * The limit on one call, including all of the SDK's retries: a Region that hangs must not use
     * up a function's time.
     */
    private static final Duration CALL_WITHIN = Duration.ofSeconds(45);

    /** Builds the objects on top of these services. */
    public static Application of(Settings settings, Policies policies, Cloud cloud) {
        Pace pace = new Pace(cloud.clock(), cloud.pause());
        Catalog catalog =
                new DynamoDbCatalog(
                        cloud.dynamoDb(),
                        settings.table(),
                        settings.account(),
                        cloud.pause(),
                        cloud.random());
        ImageDoors images = ImageDoors.of(cloud.ec2(), pace, cloud.sideBySide());
        return new Application(
                settings,
                policies,
                catalog,
                images,
                new Instances(cloud.ec2(), pace),
                new Sources(cloud.ec2()),
                new Probes(
                        cloud.ec2(),
                        cloud.autoScaling(),
                        cloud.ssm(),
                        images.reads(),
                        cloud.clock()),
                new Launcher(cloud.ec2(), pace),
                new Commands(cloud.ssm()),
                new InstanceProfiles(() -> cloud.iam().apply(settings.home())),
                new Kicks(
                        cloud.sqs(),
                        settings.createQueue(),
                        settings.copyQueue(),
                        settings.account()),
                new DeadLetters(
                        cloud.sqs(),
                        settings.createQueue(),
                        settings.copyQueue(),
                        settings.eventDeadLetters()),
                new Announcements(
                        cloud.sns(),
                        settings.alertTopic(),
                        catalog,
                        cloud.clock(),
                        cloud.sideBySide()),
                cloud.clock(),
                pace,
                cloud.sideBySide());
    }

    /**
     * The application of this Lambda function.
     *
     * @throws IllegalArgumentException if the environment lacks a variable
     * @throws InvalidPolicyException if the policies contain an error; no function starts then
     */
    public static synchronized Application get() {
        Application built = instance;
        if (built == null) {
            built = fromEnvironment();
            instance = built;
        }
        return built;
    }

    private static Application fromEnvironment() {
        Settings settings = Settings.from(System.getenv());
        SdkHttpClient http = httpClient();
        Cloud cloud =
                new Cloud(
                        inEachRegion(Ec2Client::builder, http),
                        inEachRegion(AutoScalingClient::builder, http),
                        inEachRegion(SsmClient::builder, http),
                        inEachRegion(IamClient::builder, http),
                        DynamoDbClient.builder().httpClient(http).build(),
                        once(() -> SqsClient.builder().httpClient(http).build()),
                        once(() -> SnsClient.builder().httpClient(http).build()),
                        InstantSource.system(),
                        Application::sleep,
                        new Random(),
                        SideBySide.EIGHT);
        return of(settings, readPolicies(settings), cloud);
    }

    /**
     * A client that keeps the body of every response. The JDK's own client drops the body of a 401
     * and, with it, the error code that EC2 puts there, such as {@code AuthFailure} for a Region
     * that is not enabled.
     */
    public static SdkHttpClient httpClient() {
        return Apache5HttpClient.builder()
                .connectionTimeout(CONNECT_WITHIN)
                .socketTimeout(ANSWER_WITHIN)
                .maxConnections(CONNECTIONS)
                .build();
    }

    /** Returns a client that is created when it is first used. */
    private static <C> Supplier<C> once(Supplier<C> client) {
        Map<Boolean, C> built = new ConcurrentHashMap<>();
        return () -> built.computeIfAbsent(true, _ -> client.get());
    }

    /** Returns a service's client for each Region, created when it is first used. */
    private static <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C>
            Function<Region, C> inEachRegion(Supplier<B> builder, SdkHttpClient http) {
        Map<Region, C> clients = new ConcurrentHashMap<>();
        return region ->
                clients.computeIfAbsent(
                        region,
                        in ->
                                builder.get()
                                        .httpClient(http)
                                        .overrideConfiguration(
                                                within -> within.apiCallTimeout(CALL_WITHIN))
                                        .region(software.amazon.awssdk.regions.Region.of(in.name()))
                                        .build());
    }

    /** Takes the steps that follow when EC2 is done with an image. */
    public ImageProgress progress() {
        return new ImageProgress(
                catalog, images.reads(), images.changes(), kicks, policies, shares());
    }

    /** Shares images as their policies say. */
    public Shares shares() {
        return new Shares(catalog, images.reads(), images.changes(), policies);
    }

    /** Reports copies that fail. */
    public CopyTroubles copyTroubles() {
        return new CopyTroubles(catalog, policies);
    }

    /** Runs a call of the function of this name, as {@code PruneFunction}. */
    public Invocation invocation(String function) {
        return new Invocation(catalog, clock, function);
    }

    /** Starts the images that wait in one Region after the other. */
    public Worker creator() {
        return worker(Pace.Call.CREATE_IMAGE, kicks.forCreation());
    }

    /** Starts the copies that wait for one Region after the other. */
    public Worker copier() {
        return worker(Pace.Call.COPY_IMAGE, kicks.forCopies());
    }

    private Worker worker(Pace.Call call, Kicks.WorkerQueue queue) {
        return new Worker(
                new StartRecorder(
                        catalog, images.reads(), clock, progress(), "ec2:" + call.action()),
                new Relay(pace, call, queue, clock),
                sideBySide);
    }

    /** Takes the slots that are due by this time. */
    public Tick tick(Instant now) {
        return new Tick(catalog, instances, kicks, policies, clock, now);
    }

    /** Takes requests for images. */
    public RequestRecorder requests() {
        return new RequestRecorder(catalog, instances, kicks, policies, clock);
    }

    /** Tries again what failed. */
    public Retry retry(Instant now) {
        return new Retry(catalog, kicks, policies, now);
    }

    /** Plans what to remove. */
    public Planner planner(Planner.PlannerRun run) {
        return new Planner(catalog, images.reads(), instances, policies, probes, run);
    }

    /**
     * Takes the steps by which images are removed or brought back.
     *
     * @param by who takes the steps, for the tombstones
     */
    public ImageRemoval removal(Instant now, String by) {
        return new ImageRemoval(catalog, images.reads(), images.changes(), shares(), now, by);
    }

    /** Undoes steps of pruning. */
    public Undo undo(Instant now) {
        return new Undo(
                catalog,
                images.reads(),
                images.changes(),
                policies,
                removal(now, "keeper undo"),
                now);
    }

    /** Plans restores. */
    public RestorePlanner restorePlanner() {
        return new RestorePlanner(catalog, instances, launcher, policies, profiles);
    }

    /** Moves restores and drills forward. */
    public Restores restores(Instant now) {
        RestoreEnd end =
                new RestoreEnd(catalog, images.reads(), instances, launcher, policies, now);
        return new Restores(catalog, commands, images.reads(), launcher, leases(now), end, now);
    }

    /** Ends the instances of drills. */
    public Leases leases(Instant now) {
        return new Leases(catalog, images.reads(), launcher, policies, now);
    }

    /**
     * Restores servers and waits for them.
     *
     * @param pause waits for a while
     */
    public Fleet fleet(Consumer<Duration> pause) {
        return new Fleet(catalog, launcher, clock, this::restores, pause);
    }

    /** Rebuilds the catalogue from what EC2 shows. */
    public Rebuild rebuild(Instant now, boolean dryRun) {
        return new Rebuild(catalog, images.reads(), instances, policies, now, dryRun);
    }

    /**
     * Reads the policies from the place that the settings give.
     *
     * @throws InvalidPolicyException if they cannot be read, or contain an error
     */
    public static Policies readPolicies(Settings settings) {
        String from = settings.policies();
        Policies policies =
                Policies.parse(text(from), from, settings.home(), regions(settings.home()));
        policies.hints().forEach(hint -> log.warn("{}", hint));
        return policies;
    }

    /** The Regions that the SDK knows, and the one that this code runs in. */
    public static Set<Region> regions(Region home) {
        return Stream.concat(
                        software.amazon.awssdk.regions.Region.regions().stream()
                                .filter(region -> !region.isGlobalRegion())
                                .map(region -> new Region(region.id())),
                        Stream.of(home))
                .collect(Collectors.toSet());
    }

    private static String text(String from) {
        try {
            if (from.startsWith("file:")) {
                return Files.readString(Path.of(from.substring("file:".length())));
            }
            if (from.startsWith("classpath:")) {
                String name = from.substring("classpath:".length());
                @Nullable InputStream in =
                        Application.class.getClassLoader().getResourceAsStream(name);
                if (in != null) {
                    try (in) {
                        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    }
                }
            }
        } catch (IOException unreadable) {
            throw new InvalidPolicyException(
                    List.of(from + ": cannot be read: " + reason(unreadable)));
        }
        throw new InvalidPolicyException(
                List.of(
                        from
                                + ": there is no such policy file; POLICIES must be as"
                                + " classpath:policies.yaml or file:/path/policies.yaml"));
    }

    /**
     * The reason in words, because some of these exceptions contain only the file's name, or mean
     * nothing to a person.
     */
    public static String reason(IOException unreadable) {
        return switch (unreadable) {
            case NoSuchFileException _ -> "there is no such file";
            case AccessDeniedException _ -> "access is denied";
            case CharacterCodingException _ -> "it is not UTF-8 text";
            case FileSystemException failed when failed.getReason() != null -> failed.getReason();
            default -> String.valueOf(unreadable.getMessage());
        };
    }

    private static void sleep(Duration duration) {
        try {
            Thread.sleep(duration);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
