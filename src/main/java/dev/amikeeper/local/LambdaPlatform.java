package dev.amikeeper.local;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;

import dev.amikeeper.Application;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.event.OrderKind;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.FunctionPool.Environment;
import dev.amikeeper.local.LocalDeployment.UndeliveredEvent;
import dev.amikeeper.policy.Policies;

import software.amazon.awssdk.services.sqs.model.Message;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The template on Lambda, in virtual time: the real handlers in environments of their own, many at
 * once. An environment handles one call at a time, and each has its own objects, as if it were a
 * machine of its own. A cold one takes its time to start. Events come asynchronously and are
 * repeated after one and two minutes, kicks come by {@link KickMapping}, and a call that outlives
 * its function's time is killed. The SDK's clients repeat calls as they do in AWS.
 *
 * <p>Show it the cloud's calls with {@link SimulatedCloud#watch}. Computing takes no time here;
 * only calls and pauses do.
 */
public final class LambdaPlatform implements TurnTaker.Agenda, CallWatch {
    /**
     * What Lambda allows and how fast it is.
     *
     * @param coldStart how long an environment takes to start
     * @param callsAtOnce the account's concurrency
     * @param workersAtOnce how many Regions each of the two workers serves at once, {@code
     *     WorkersAtOnce} in the template
     * @param environments how many environments each function has at least, which take the calls in
     *     turns; with one of them, the calls go to the environment that was used last
     */
    public record Setup(Duration coldStart, int callsAtOnce, int workersAtOnce, int environments) {
        /** The defaults of Lambda and of the template. A cold start takes two seconds. */
        public static final Setup USUAL = new Setup(Duration.ofSeconds(2), 1000, 3, 1);
    }

    private static final String TABLE = "catalogue";

    /** As in the template. */
    private static final int MAX_RECEIVES = 5;

    /**
     * Lambda's pauses before it repeats an event.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html">
     *     How Lambda handles errors with asynchronous invocation</a>
     */
    private static final List<Duration> REPEATED_AFTER =
            List.of(Duration.ofMinutes(1), Duration.ofMinutes(2));

    private final SimulatedCloud cloud;
    private final TurnTaker turns;
    private final Setup setup;
    private final StackQueues queues;
    private final SimulatedSqs sqs;
    private final SdkRetries retries;
    private final SortedMap<String, FunctionPool> pools = new TreeMap<>();
    private final List<KickMapping> mappings;
    private final List<RunningCall> running = new ArrayList<>();
    private final Map<Integer, String> functions = new HashMap<>();
    private final Queue<Runnable> ended = new ArrayDeque<>();
    private final Queue<AsyncCall> waiting = new ArrayDeque<>();
    private final PriorityQueue<Repetition> repetitions =
            new PriorityQueue<>(
                    Comparator.comparing(Repetition::at).thenComparingLong(Repetition::order));
    private final List<UndeliveredEvent> deadLetters = new ArrayList<>();
    private final SortedMap<String, Integer> failures = new TreeMap<>();
    private final SortedMap<String, Integer> metrics = new TreeMap<>();
    private Policies policies;
    private List<RecurringCall> schedules;
    private int requests;
    private int environments;

    private record AsyncCall(
            String function, Map<String, Object> event, int tried, Consumer<Boolean> then) {}

    private record Repetition(Instant at, long order, AsyncCall call) {}

    /** A call under way; its time begins after the cold start. */
    private static final class RunningCall {
        private Optional<TurnTaker.Task> task = Optional.empty();
        private Optional<Instant> deadline = Optional.empty();
        private boolean killed;
    }

    /** What a call does in its environment. */
    private interface LambdaWork {
        void in(Environment environment, Context context);
    }

    /**
     * Deploys into this cloud with the catalogue in the cloud's own table.
     *
     * @param turns what the functions run on
     * @param home the Region of the stack
     */
    public LambdaPlatform(
            SimulatedCloud cloud, TurnTaker turns, Region home, Policies policies, Setup setup) {
        this.cloud = cloud;
        this.turns = turns;
        this.policies = policies;
        this.setup = setup;
        cloud.tables(home.name()).addTable(TABLE);
        queues = StackQueues.add(cloud, home, TABLE, MAX_RECEIVES);
        sqs = cloud.sqs(home.name());
        retries = new SdkRetries(new Random(1));
        mappings =
                List.of(
                        mapping(StackFunctions.CREATE, queues.settings().createQueue()),
                        mapping(StackFunctions.COPY, queues.settings().copyQueue()));
        schedules =
                StackSchedule.ALL.stream()
                        .map(schedule ->
                                RecurringCall.every(
                                        schedule.every(),
                                        schedule.first(cloud.now()),
                                        at -> invoke(schedule, at)))
                        .toList();
    }

    private KickMapping mapping(String function, String queue) {
        return new KickMapping(cloud, sqs, function, queue, setup.workersAtOnce());
    }

    /** Runs no schedules. */
    public void withoutSchedules() {
        schedules = List.of();
    }

    /** Plays schedules, events, queues and functions until then. */
    public void runUntil(Instant end) {
        turns.runUntil(end, this);
    }

    /** Whether no function runs, and no event or kick waits for one. */
    public boolean isIdle() {
        return running.isEmpty()
                && ended.isEmpty()
                && waiting.isEmpty()
                && repetitions.isEmpty()
                && mappings.stream().allMatch(mapping -> mapping.next().isEmpty());
    }

    /** Calls a function asynchronously with an event. */
    public void invoke(String function, Map<String, Object> event) {
        invoke(function, event, _ -> {});
    }

    private void invoke(String function, Map<String, Object> event, Consumer<Boolean> then) {
        waiting.add(new AsyncCall(function, event, 0, then));
    }

    /**
     * Calls the function of a schedule asynchronously.
     *
     * @param schedule its name in the template
     * @param then told outside of all tasks, when the last try has ended, whether it ended well
     */
    public void call(String schedule, Instant at, Consumer<Boolean> then) {
        StackSchedule found =
                StackSchedule.ALL.stream()
                        .filter(one -> one.name().equals(schedule))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException(schedule));
        invoke(found.function(), found.event(queues.settings().home(), at), then);
    }

    /** Puts an order on the bus, as {@code ./keeper} and other programs do. */
    public void order(String id, OrderKind kind, Instant at, Map<String, Object> detail) {
        Map<String, Object> event =
                StackEvents.event(
                        id, kind.detailType(), OrderKind.SOURCE, at, queues.settings().home());
        event.put("detail", detail);
        StackEvents.functions(event, policies).forEach(function -> invoke(function, event));
    }

    /** Deploys other policies. Calls that are under way end under the former ones. */
    public void deploy(Policies others) {
        policies = others;
        pools.values().forEach(FunctionPool::replace);
    }

    private void invoke(StackSchedule schedule, Instant at) {
        invoke(schedule.function(), schedule.event(queues.settings().home(), at));
    }

    /** The function that the current thread works for; empty if there is none. */
    public Optional<String> caller() {
        int root = turns.currentRoot().orElse(-1);
        return Optional.ofNullable(functions.get(root));
    }

    /** How each function was used so far. */
    public SortedMap<String, FunctionUse> use() {
        SortedMap<String, FunctionUse> use = new TreeMap<>();
        pools.forEach((function, pool) -> use.put(function, pool.use()));
        return use;
    }

    /** The sums of all reports' counts, as {@code CopyImageFunction.started}. */
    public SortedMap<String, Integer> metrics() {
        return new TreeMap<>(metrics);
    }

    /** How often calls failed, by function and exception. */
    public SortedMap<String, Integer> failures() {
        return new TreeMap<>(failures);
    }

    /** The events on which functions failed to the last try. */
    public List<UndeliveredEvent> deadLetters() {
        return List.copyOf(deadLetters);
    }

    /** How many kicks SQS gave up. */
    public int deadKicks() {
        return sqs.size(queues.deadCreateKicks()) + sqs.size(queues.deadCopyKicks());
    }

    /** Objects as those of an environment, to look at the account without being a function. */
    public Application application() {
        return application(SideBySide.ONE_BY_ONE);
    }

    private Application application(SideBySide sideBySide) {
        return queues.application(
                cloud,
                cloud.tables(queues.settings().home().name()),
                policies,
                new Random(++environments),
                new StackQueues.Timing(turns::pause, sideBySide));
    }

    @Override
    public void before(String action, String region) {
        turns.before(action, region);
    }

    @Override
    public void after(String action, String region) {
        turns.after(action, region);
    }

    /** The clients of functions repeat calls; Lambda's own do not. */
    @Override
    public boolean again(int attempts, RuntimeException failure) {
        if (caller().isEmpty()) {
            return false;
        }
        Optional<Duration> wait = retries.next(attempts, failure);
        wait.ifPresent(turns::pause);
        return wait.isPresent();
    }

    @Override
    public Optional<Instant> next() {
        Instant now = cloud.now();
        if (!ended.isEmpty() || (hasRoom() && !waiting.isEmpty())) {
            return Optional.of(now);
        }
        return Stream.of(
                        cloud.nextDue().stream(),
                        schedules.stream().map(RecurringCall::at),
                        running.stream().flatMap(call -> call.deadline.stream()),
                        Stream.ofNullable(repetitions.peek()).map(Repetition::at),
                        hasRoom()
                                ? mappings.stream().flatMap(mapping -> mapping.next().stream())
                                : Stream.<Instant>empty())
                .flatMap(times -> times)
                .min(Comparator.naturalOrder());
    }

    private boolean isDue(KickMapping mapping) {
        return mapping.next().filter(at -> !at.isAfter(cloud.now())).isPresent();
    }

    private boolean hasRoom() {
        return running.size() < setup.callsAtOnce();
    }

    @Override
    public void play() {
        Instant now = cloud.now();
        for (Runnable end = ended.poll(); end != null; end = ended.poll()) {
            end.run();
        }
        running.stream()
                .filter(call -> call.deadline.filter(end -> !end.isAfter(now)).isPresent())
                .toList()
                .forEach(call -> {
                    call.killed = true;
                    call.deadline = Optional.empty();
                    call.task.orElseThrow().kill();
                });
        for (Map<String, Object> event : cloud.takeEvents()) {
            StackEvents.functions(event, policies).forEach(function -> invoke(function, event));
        }
        while (!repetitions.isEmpty() && !repetitions.element().at().isAfter(now)) {
            waiting.add(repetitions.remove().call());
        }
        for (RecurringCall schedule : schedules) {
            if (!schedule.at().isAfter(now)) {
                schedule.call();
            }
        }
        while (hasRoom() && !waiting.isEmpty()) {
            start(waiting.remove());
        }
        for (KickMapping mapping : mappings) {
            while (hasRoom() && isDue(mapping)) {
                mapping.take().ifPresent(batch -> start(mapping, batch));
            }
        }
    }

    private void start(AsyncCall call) {
        start(
                call.function(),
                (environment, context) ->
                        count(
                                call.function(),
                                environment
                                        .handle(call.function(), call.event(), context)
                                        .counts()),
                error ->
                        error.ifPresentOrElse(
                                failed -> failed(call, failed), () -> call.then().accept(true)));
    }

    private void failed(AsyncCall call, String error) {
        if (call.tried() < REPEATED_AFTER.size()) {
            repetitions.add(
                    new Repetition(
                            cloud.now().plus(REPEATED_AFTER.get(call.tried())),
                            requests,
                            new AsyncCall(
                                    call.function(), call.event(), call.tried() + 1, call.then())));
            return;
        }
        deadLetters.add(new UndeliveredEvent(call.function(), call.event(), error));
        String home = queues.settings().home().name();
        sqs.deliver(
                queues.deadEvents(),
                LocalLambda.failure(
                        LocalLambda.arn(home, call.function()),
                        "request-" + requests,
                        cloud.now(),
                        call.event(),
                        error));
        call.then().accept(false);
    }

    private void start(KickMapping mapping, List<Message> batch) {
        List<BatchItemFailure> failed = new ArrayList<>();
        SQSEvent kicks = new SQSEvent();
        kicks.setRecords(batch.stream().map(LocalLambda::sqsMessage).toList());
        start(
                mapping.function(),
                (environment, context) -> {
                    var report = environment.handle(mapping.function(), kicks, context);
                    count(mapping.function(), report.counts());
                    failed.addAll(report.batchItemFailures());
                },
                error ->
                        mapping.end(
                                batch.stream()
                                        .filter(_ -> error.isEmpty())
                                        .filter(message ->
                                                !failed.contains(
                                                        new BatchItemFailure(message.messageId())))
                                        .toList()));
    }

    private void count(String function, Map<String, Integer> counts) {
        counts.forEach((name, count) -> metrics.merge(function + "." + name, count, Integer::sum));
    }

    /**
     * Starts a call.
     *
     * @param end does what follows, outside of all tasks, given the error if there was one
     */
    private void start(String function, LambdaWork work, Consumer<Optional<String>> end) {
        FunctionPool pool =
                pools.computeIfAbsent(
                        function,
                        name ->
                                new FunctionPool(
                                        name,
                                        setup.environments(),
                                        () -> application(new SideBySide(8, turns))));
        String request = "request-" + ++requests;
        RunningCall call = new RunningCall();
        running.add(call);
        pool.begin();
        TurnTaker.Task task = turns.start(() -> run(pool, call, request, work, end));
        call.task = Optional.of(task);
        functions.put(task.number(), function);
    }

    private void run(
            FunctionPool pool,
            RunningCall call,
            String request,
            LambdaWork work,
            Consumer<Optional<String>> end) {
        Instant begun = cloud.now();
        Optional<Environment> used = Optional.empty();
        Optional<String> error = Optional.empty();
        try {
            Environment environment =
                    pool.warm(begun)
                            .orElseGet(() -> {
                                turns.pause(setup.coldStart());
                                return pool.cold();
                            });
            Instant deadline = cloud.now().plus(pool.size().timeout());
            call.deadline = Optional.of(deadline);
            work.in(environment, context(pool, request, deadline));
            used = Optional.of(environment);
        } catch (RuntimeException | CallerKilled failed) {
            error = Optional.of(String.valueOf(failed));
            failures.merge(pool.function() + ": " + error.get(), 1, Integer::sum);
        }
        call.deadline = Optional.empty();
        Duration took = Duration.between(begun, cloud.now());
        Optional<Environment> kept = used;
        Optional<String> thrown = error;
        ended.add(() -> {
            running.remove(call);
            call.task.ifPresent(task -> functions.remove(task.number()));
            kept.ifPresentOrElse(
                    environment -> pool.end(environment, cloud.now(), took),
                    () -> pool.fail(call.killed, took));
            end.accept(thrown);
        });
    }

    private Context context(FunctionPool pool, String request, Instant deadline) {
        return new LocalContext(
                pool.function(),
                request,
                pool.size().memory(),
                () -> (int) Math.max(0, Duration.between(cloud.now(), deadline).toMillis()));
    }
}
