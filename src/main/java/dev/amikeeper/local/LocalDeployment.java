package dev.amikeeper.local;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.FunctionReport;
import dev.amikeeper.Settings;
import dev.amikeeper.backup.CreateImageHandler;
import dev.amikeeper.backup.ImageRequestHandler;
import dev.amikeeper.backup.ScheduleHandler;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.event.OrderKind;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;
import dev.amikeeper.local.dynamodb.LocalDynamoDb;
import dev.amikeeper.local.dynamodb.MemoryDynamoDb;
import dev.amikeeper.operate.OperateHandler;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Schedule;
import dev.amikeeper.replication.CopyImageHandler;
import dev.amikeeper.replication.ImageStateHandler;
import dev.amikeeper.restore.DrillHandler;
import dev.amikeeper.restore.DrillReport;
import dev.amikeeper.restore.RestoreHandler;
import dev.amikeeper.restore.RestoreReport;
import dev.amikeeper.retention.PruneHandler;
import dev.amikeeper.retention.PruneReport;
import dev.amikeeper.store.StoreHandler;
import dev.amikeeper.store.StoreReport;
import dev.amikeeper.sweep.SweepHandler;
import dev.amikeeper.sweep.SweepReport;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The template, played in process: the real handlers behind schedules, rules and queues, on the
 * simulated cloud, with the table in memory or in DynamoDB Local. Handlers are called as Lambda
 * calls them, with parsed JSON events: an event is retried twice if its function fails, and a
 * message until SQS gives it up.
 *
 * <p>The class is long because it stands for the whole template.
 */
public final class LocalDeployment {
    /** An event on which a function failed to the last try. */
    public record UndeliveredEvent(String function, Map<String, Object> event, String error) {}

    private static final String TABLE = "catalogue";
    private static final Duration PRUNE_AFTER = Duration.ofHours(4).plusMinutes(30);
    private static final Duration PRUNE_GOES_ON_EVERY = Duration.ofMinutes(15);
    private static final Duration SWEEP_EVERY = Duration.ofMinutes(15);

    /** Between two ticks, where sweeps usually fall in AWS. */
    private static final Duration SWEEP_AFTER = Duration.ofMinutes(7);

    private static final Duration DRILL_EVERY = Duration.ofHours(1);

    /** After the images of the night. */
    private static final Duration DRILL_AFTER = Duration.ofMinutes(12);

    private static final Duration STORE_EVERY = Duration.ofHours(1);

    /** After the drills. */
    private static final Duration STORE_AFTER = Duration.ofMinutes(27);

    private static final Duration VISIBILITY = Duration.ofSeconds(330);
    private static final int MAX_RECEIVES = 5;

    private final SimulatedCloud cloud;
    private final SimulatedSqs sqs;
    private final LocalLambda lambda;
    private final SimulatedSns sns;
    private final String deadCreateKicks;
    private final String deadCopyKicks;
    private final Application application;
    private final CreateImageHandler createImage;
    private final CopyImageHandler copyImage;
    private final PruneHandler prune;
    private final SweepHandler sweep;
    private final RestoreHandler restore;
    private final DrillHandler drill;
    private final StoreHandler store;
    private final Map<String, RequestHandler<Map<String, Object>, ? extends FunctionReport<?>>>
            functions;
    private List<RecurringCall> schedules;
    private Duration sweepEvery = SWEEP_EVERY;

    /**
     * Deploys into this cloud.
     *
     * @param table an empty table for the catalogue
     * @param home the Region of the stack
     */
    public LocalDeployment(
            SimulatedCloud cloud,
            LocalDynamoDb dynamoDb,
            String table,
            Region home,
            Policies policies) {
        this(cloud, dynamoDb.client(), table, home, policies);
    }

    private LocalDeployment(
            SimulatedCloud cloud,
            DynamoDbClient dynamoDb,
            String table,
            Region home,
            Policies policies) {
        this.cloud = cloud;
        sqs = cloud.sqs(home.name());
        sns = cloud.sns(home.name());
        deadCreateKicks = sqs.addQueue("create-dead-letters.fifo", VISIBILITY);
        deadCopyKicks = sqs.addQueue("copy-dead-letters.fifo", VISIBILITY);
        String deadEvents = sqs.addQueue("event-dead-letters", VISIBILITY);
        lambda = new LocalLambda(cloud, home.name(), deadEvents);
        Settings settings =
                new Settings(
                        home,
                        SimulatedCloud.ACCOUNT,
                        table,
                        sqs.addQueue("create.fifo", VISIBILITY, deadCreateKicks, MAX_RECEIVES),
                        sqs.addQueue("copy.fifo", VISIBILITY, deadCopyKicks, MAX_RECEIVES),
                        sns.addTopic("alerts"),
                        Optional.of(deadEvents),
                        Settings.COPIES_AT_ONCE,
                        "embedded");
        application =
                Application.of(
                        settings,
                        policies,
                        new Application.Cloud(
                                region -> cloud.ec2(region.name()),
                                region -> cloud.autoScaling(region.name()),
                                region -> cloud.ssm(region.name()),
                                _ -> cloud.iam(),
                                dynamoDb,
                                sqs,
                                sns,
                                () -> cloud.now().plus(cloud.settings().functionClock()),
                                cloud::advance,
                                new Random(1),
                                // The same input leads to the same calls.
                                SideBySide.ONE_BY_ONE));
        createImage = new CreateImageHandler(application);
        copyImage = new CopyImageHandler(application);
        prune = new PruneHandler(application);
        sweep = new SweepHandler(application);
        restore = new RestoreHandler(application);
        drill = new DrillHandler(application);
        store = new StoreHandler(application);
        functions =
                Map.of(
                        "ScheduleFunction", new ScheduleHandler(application),
                        "RequestFunction", new ImageRequestHandler(application),
                        "ImageStateFunction", new ImageStateHandler(application),
                        "PruneFunction", prune,
                        "SweepFunction", sweep,
                        "RestoreFunction", restore,
                        "DrillFunction", drill,
                        "StoreFunction", store,
                        "OperateFunction", new OperateHandler(application));
        schedules = schedules(cloud.now());
    }

    private List<RecurringCall> schedules(Instant now) {
        Instant tick = atOrAfter(now, Schedule.TICK, Duration.ZERO);
        return List.of(
                RecurringCall.every(Schedule.TICK, tick, this::tick),
                RecurringCall.every(
                        Duration.ofDays(1),
                        atOrAfter(now, Duration.ofDays(1), PRUNE_AFTER),
                        at -> call("PruneFunction", scheduled("Prune", at))),
                RecurringCall.every(
                        PRUNE_GOES_ON_EVERY,
                        atOrAfter(now, PRUNE_GOES_ON_EVERY, Duration.ZERO),
                        at -> call("PruneFunction", goOn(at))),
                new RecurringCall(
                        atOrAfter(now, SWEEP_EVERY, SWEEP_AFTER),
                        at -> at.plus(sweepEvery),
                        at -> call("SweepFunction", scheduled("Sweep", at))),
                RecurringCall.every(
                        DRILL_EVERY,
                        atOrAfter(now, DRILL_EVERY, DRILL_AFTER),
                        at -> call("DrillFunction", scheduled("Drill", at))),
                RecurringCall.every(
                        STORE_EVERY,
                        atOrAfter(now, STORE_EVERY, STORE_AFTER),
                        at -> call("StoreFunction", scheduled("Store", at))),
                RecurringCall.every(
                        Schedule.TICK,
                        tick,
                        at -> call("RestoreFunction", scheduled("Restore", at))));
    }

    /**
     * Deploys into this cloud with the catalogue in the cloud's own table, which outlives the
     * deployment and whose calls are counted and fail as those of other services do. This suits
     * long plays: a month takes about a second.
     *
     * @param home the Region of the stack
     */
    public static LocalDeployment inMemory(SimulatedCloud cloud, Region home, Policies policies) {
        MemoryDynamoDb dynamoDb = cloud.tables(home.name());
        dynamoDb.addTable(TABLE);
        return new LocalDeployment(cloud, dynamoDb, TABLE, home, policies);
    }

    /** Replaces the table of a deployment in memory with an empty one. */
    public void loseTable() {
        cloud.tables(application.settings().home().name()).clearTable(TABLE);
    }

    /** The cloud that it is deployed in. */
    public SimulatedCloud cloud() {
        return cloud;
    }

    /** Changes how often sweeps run. As long as no event is lost, an hourly sweep finds as much. */
    public void sweepEvery(Duration often) {
        sweepEvery = often;
    }

    /** The objects that the handlers share. */
    public Application application() {
        return application;
    }

    /** The messages that people were sent. */
    public SimulatedSns sns() {
        return sns;
    }

    /**
     * Runs no schedules; the caller uses {@link #tick}, {@link #sweep} and {@link #prune} instead.
     */
    public void withoutSchedules() {
        schedules = List.of();
    }

    /** How often each function was called. */
    public SortedMap<String, Integer> invocations() {
        return lambda.invocations();
    }

    /** The sums of all reports' counts, as {@code CopyImageFunction.started}. */
    public SortedMap<String, Integer> metrics() {
        return lambda.metrics();
    }

    /** The events on which functions failed to the last try. */
    public List<UndeliveredEvent> deadLetters() {
        return lambda.deadLetters();
    }

    /** How many kicks SQS gave up. */
    public int deadKicks() {
        return sqs.size(deadCreateKicks) + sqs.size(deadCopyKicks);
    }

    /** Plays schedules, events and queues until then. */
    public void runUntil(Instant end) {
        while (true) {
            Instant next =
                    Stream.of(
                                    Stream.of(end, cloud.nextDue().orElse(end)),
                                    schedules.stream().map(RecurringCall::at),
                                    hiddenKicks())
                            .flatMap(times -> times)
                            .min(Instant::compareTo)
                            .orElseThrow();
            if (next.isAfter(cloud.now())) {
                cloud.advanceTo(next);
            }
            deliverEvents();
            for (RecurringCall call : schedules) {
                if (!call.at().isAfter(cloud.now())) {
                    call.call();
                }
            }
            drain();
            boolean idle = cloud.nextDue().map(due -> due.isAfter(cloud.now())).orElse(true);
            if (!cloud.now().isBefore(end) && idle) {
                return;
            }
        }
    }

    /**
     * When kicks that are hidden now can be received. Lambda asks all the time; here the clock has
     * to stop there.
     */
    private Stream<Instant> hiddenKicks() {
        return Stream.of(application.settings().createQueue(), application.settings().copyQueue())
                .flatMap(queue -> sqs.nextVisible(queue).stream())
                .filter(at -> at.isAfter(cloud.now()));
    }

    /** Moves the clock to an event's time, because functions refuse events of the future. */
    public void reach(Map<String, Object> event) {
        try {
            reach(Instant.parse(String.valueOf(event.get("time"))));
        } catch (DateTimeException noTime) {
            // The function that takes the event reports this.
        }
    }

    private void reach(Instant time) {
        if (time.isAfter(cloud.now())) {
            cloud.advanceTo(time);
        }
    }

    /** Runs a tick of the scheduler, and then the queues. */
    public void tick(Instant at) {
        reach(at);
        call("ScheduleFunction", scheduled("Tick", at));
        drain();
    }

    /** Runs a sweep once, and then the queues. */
    public SweepReport sweep(Instant at) {
        SweepReport report =
                lambda.measured(
                        "SweepFunction", once("SweepFunction", sweep, scheduled("Sweep", at)));
        drain();
        return report;
    }

    /** Runs the drill schedule once. */
    public DrillReport drill(Instant at) {
        return once("DrillFunction", drill, scheduled("Drill", at));
    }

    /** Runs the schedule for images in S3 once. */
    public StoreReport store(Instant at) {
        return once("StoreFunction", store, scheduled("Store", at));
    }

    /** Takes restores and drills to their next steps. */
    public RestoreReport restore(Instant at) {
        return restore(scheduled("Restore", at));
    }

    /** Calls RestoreFunction once. */
    public RestoreReport restore(Map<String, Object> event) {
        return once("RestoreFunction", restore, event);
    }

    /** Runs the pruner once. */
    public PruneReport prune(Instant at, boolean dryRun) {
        Map<String, Object> event = scheduled("Prune", at);
        event.put("dryRun", dryRun);
        return once("PruneFunction", prune, event);
    }

    /** Runs the schedule that goes on with pruning once. */
    public PruneReport goOnPruning(Instant at) {
        return once("PruneFunction", prune, goOn(at));
    }

    private Map<String, Object> goOn(Instant at) {
        Map<String, Object> event = scheduled("GoOn", at);
        event.put("goOn", true);
        return event;
    }

    private <R> R once(
            String function,
            RequestHandler<Map<String, Object>, R> handler,
            Map<String, Object> event) {
        reach(event);
        lambda.count(function);
        return handler.handleRequest(event, lambda.context(function));
    }

    /** Delivers the events that are ready by now. */
    public void deliverEvents() {
        cloud.takeEvents().forEach(this::deliver);
        drain();
    }

    /**
     * Applies the template's rules to one event on the home bus.
     *
     * @throws IllegalArgumentException if it is an order of an unknown kind
     */
    public void deliver(Map<String, Object> event) {
        reach(event);
        Map<?, ?> detail = event.get("detail") instanceof Map<?, ?> fields ? fields : Map.of();
        if (OrderKind.SOURCE.equals(event.get("source"))) {
            call(carriesOut(String.valueOf(event.get("detail-type"))), event);
            return;
        }
        switch (event.get("source") + ": " + event.get("detail-type")) {
            case "aws.ec2: EC2 AMI State Change" -> call("ImageStateFunction", event);
            case "aws.ec2: EC2 Instance State-change Notification" -> {
                if ("stopped".equals(detail.get("state"))) {
                    call("RequestFunction", event);
                }
                if (List.of("running", "terminated").contains(detail.get("state"))) {
                    call("RestoreFunction", event);
                }
            }
            case "aws.tag: Tag Change on Resource" -> {
                if (detail.get("changed-tag-keys") instanceof List<?> keys
                        && keys.contains(ImageTags.REQUEST)) {
                    call("RequestFunction", event);
                }
            }
            case "aws.ssm: EC2 Command Invocation Status-change Notification" -> {
                // The template turns this rule off if no policy has a command.
                if (application.policies().all().stream()
                        .anyMatch(policy -> policy.image().around().isPresent())) {
                    call("RequestFunction", event);
                }
            }
            default -> {
                // No rule of the template listens to it.
            }
        }
    }

    /** The function that the template's rules call for an order. */
    private static String carriesOut(String detailType) {
        OrderKind kind =
                OrderKind.of(OrderKind.SOURCE, detailType)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        Texts.quoted(detailType)
                                                + " is not an order, and no rule takes it"));
        return switch (kind) {
            case BACKUP -> "RequestFunction";
            case RESTORE -> "RestoreFunction";
            case DEREGISTER, SHARE, UNSHARE, ADOPT, REGISTER, STORE, FETCH -> "OperateFunction";
        };
    }

    /** Delivers messages until the queues are empty. */
    public void drain() {
        boolean moved;
        do {
            boolean created =
                    lambda.deliver(
                            "CreateImageFunction",
                            application.settings().createQueue(),
                            (event, context) ->
                                    lambda.measured(
                                                    "CreateImageFunction",
                                                    createImage.handleRequest(event, context))
                                            .batchItemFailures());
            boolean copied =
                    lambda.deliver(
                            "CopyImageFunction",
                            application.settings().copyQueue(),
                            (event, context) ->
                                    lambda.measured(
                                                    "CopyImageFunction",
                                                    copyImage.handleRequest(event, context))
                                            .batchItemFailures());
            moved = created || copied;
        } while (moved);
    }

    /** Calls a function asynchronously, as Lambda does. */
    public void invoke(String functionArn, Map<String, Object> event) {
        String function =
                functions.keySet().stream()
                        .filter(name -> lambda.arn(name).equals(functionArn))
                        .findFirst()
                        .orElseThrow(
                                () -> new IllegalArgumentException("no function " + functionArn));
        call(function, event);
    }

    private void call(String function, Map<String, Object> event) {
        lambda.retried(function, Objects.requireNonNull(functions.get(function)), event);
    }

    /** Puts an order on the bus, as {@code ./keeper} and other programs do. */
    public void order(
            String id, OrderKind kind, Instant at, Region region, Map<String, Object> detail) {
        Map<String, Object> event = event(id, kind.detailType(), OrderKind.SOURCE, at, region);
        event.put("detail", detail);
        deliver(event);
    }

    /** The event of a schedule, as the template defines its input. */
    private Map<String, Object> scheduled(String name, Instant at) {
        Region home = application.settings().home();
        String id = "scheduled-" + name + "-" + at;
        Map<String, Object> event = event(id, "Scheduled Event", "aws.scheduler", at, home);
        event.put(
                "resources",
                List.of(
                        "arn:aws:scheduler:%s:%s:schedule/default/%s"
                                .formatted(home, SimulatedCloud.ACCOUNT, name)));
        return event;
    }

    private static Map<String, Object> event(
            String id, String what, String source, Instant at, Region region) {
        Map<String, Object> event = new TreeMap<>();
        event.put("version", "0");
        event.put("id", id);
        event.put("detail-type", what);
        event.put("source", source);
        event.put("account", SimulatedCloud.ACCOUNT);
        event.put("time", at.toString());
        event.put("region", region.name());
        event.put("resources", List.of());
        event.put("detail", Map.of());
        return event;
    }

    /** What Lambda tells a function about one call. */
    public Context context(String function) {
        return lambda.context(function);
    }

    /** The first time from now on that lies {@code after} a whole multiple of the interval. */
    private static Instant atOrAfter(Instant now, Duration interval, Duration after) {
        long step = interval.toSeconds();
        long offset = after.toSeconds();
        return Instant.ofEpochSecond(
                Math.ceilDiv(now.getEpochSecond() - offset, step) * step + offset);
    }
}
