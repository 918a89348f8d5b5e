package dev.amikeeper.local;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.FunctionReport;
import dev.amikeeper.backup.CreateImageHandler;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.event.OrderKind;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.dynamodb.LocalDynamoDb;
import dev.amikeeper.local.dynamodb.MemoryDynamoDb;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.replication.CopyImageHandler;
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
import java.util.Random;
import java.util.SortedMap;
import java.util.function.Consumer;
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
    private static final int MAX_RECEIVES = 5;

    private final SimulatedCloud cloud;
    private final SimulatedSqs sqs;
    private final LocalLambda lambda;
    private final SimulatedSns sns;
    private final StackQueues queues;
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
    private Duration sweepEvery = StackSchedule.SWEEP.every();

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
        queues = StackQueues.add(cloud, home, table, MAX_RECEIVES);
        lambda = new LocalLambda(cloud, home.name(), queues.deadEvents());
        // One by one, so that the same input leads to the same calls.
        application =
                queues.application(
                        cloud,
                        dynamoDb,
                        policies,
                        new Random(1),
                        new StackQueues.Timing(cloud::advance, SideBySide.ONE_BY_ONE));
        createImage = new CreateImageHandler(application);
        copyImage = new CopyImageHandler(application);
        prune = new PruneHandler(application);
        sweep = new SweepHandler(application);
        restore = new RestoreHandler(application);
        drill = new DrillHandler(application);
        store = new StoreHandler(application);
        functions = StackFunctions.onEvents(application);
        schedules = schedules(cloud.now());
    }

    private List<RecurringCall> schedules(Instant now) {
        return StackSchedule.ALL.stream().map(schedule -> recurring(schedule, now)).toList();
    }

    private RecurringCall recurring(StackSchedule schedule, Instant now) {
        Consumer<Instant> call =
                schedule.equals(StackSchedule.TICK)
                        ? this::tick
                        : at -> call(schedule.function(), event(schedule, at));
        return new RecurringCall(
                schedule.first(now),
                at -> at.plus(schedule.equals(StackSchedule.SWEEP) ? sweepEvery : schedule.every()),
                call);
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
        return sqs.size(queues.deadCreateKicks()) + sqs.size(queues.deadCopyKicks());
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
        call("ScheduleFunction", event(StackSchedule.TICK, at));
        drain();
    }

    /** Runs a sweep once, and then the queues. */
    public SweepReport sweep(Instant at) {
        SweepReport report =
                lambda.measured(
                        "SweepFunction",
                        once("SweepFunction", sweep, event(StackSchedule.SWEEP, at)));
        drain();
        return report;
    }

    /** Runs the drill schedule once. */
    public DrillReport drill(Instant at) {
        return once("DrillFunction", drill, event(StackSchedule.DRILL, at));
    }

    /** Runs the schedule for images in S3 once. */
    public StoreReport store(Instant at) {
        return once("StoreFunction", store, event(StackSchedule.STORE, at));
    }

    /** Takes restores and drills to their next steps. */
    public RestoreReport restore(Instant at) {
        return restore(event(StackSchedule.RESTORE, at));
    }

    /** Calls RestoreFunction once. */
    public RestoreReport restore(Map<String, Object> event) {
        return once("RestoreFunction", restore, event);
    }

    /** Runs the pruner once. */
    public PruneReport prune(Instant at, boolean dryRun) {
        Map<String, Object> event = event(StackSchedule.PRUNE, at);
        event.put("dryRun", dryRun);
        return once("PruneFunction", prune, event);
    }

    /** Runs the schedule that goes on with pruning once. */
    public PruneReport goOnPruning(Instant at) {
        return once("PruneFunction", prune, event(StackSchedule.PRUNE_ON, at));
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
        StackEvents.functions(event, application.policies())
                .forEach(function -> call(function, event));
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
        Map<String, Object> event =
                StackEvents.event(id, kind.detailType(), OrderKind.SOURCE, at, region);
        event.put("detail", detail);
        deliver(event);
    }

    private Map<String, Object> event(StackSchedule schedule, Instant at) {
        return schedule.event(application.settings().home(), at);
    }

    /** What Lambda tells a function about one call. */
    public Context context(String function) {
        return lambda.context(function);
    }
}
