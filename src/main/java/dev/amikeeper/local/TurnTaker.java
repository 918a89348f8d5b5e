package dev.amikeeper.local;

import dev.amikeeper.ec2.SideBySide;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs many tasks on one simulated cloud, in virtual time and always in the same order. Each task
 * has a thread of its own, of which exactly one goes on at a time. A task gives its turn away
 * whenever it calls a service and whenever it pauses, and goes on when its call or its pause has
 * taken its time. When no task can go on, the clock moves to whatever comes next.
 *
 * <p>Show it the cloud's calls with {@link SimulatedCloud#watch}. Whoever calls the cloud without
 * being a task takes no turns and no time.
 */
public final class TurnTaker implements CallWatch, SideBySide.Together, AutoCloseable {
    /** Says whose turn is next. */
    public interface TurnOrder {
        /** After about so many turns of one, {@link #uneven} may prefer another. */
        int STINT = 6;

        /** Whoever has waited longest. */
        TurnOrder FIRST_COME = (able, turns) -> able.getFirst();

        /**
         * Chooses one of the tasks that can go on.
         *
         * @param able their numbers, whoever has waited longest first; never empty
         * @param turns how many turns there were before
         */
        int next(List<Integer> able, int turns);

        /** Any of them, the same for the same seed. */
        static TurnOrder random(long seed) {
            Random random = new Random(seed);
            return (able, turns) -> able.get(random.nextInt(able.size()));
        }

        /**
         * Mostly the same one for a while, so that one gets far ahead of another; the same for the
         * same seed.
         */
        static TurnOrder uneven(long seed) {
            Random random = new Random(seed);
            Map<Integer, Integer> ranks = new HashMap<>();
            return (able, turns) -> {
                able.forEach(one -> ranks.computeIfAbsent(one, _ -> random.nextInt()));
                int next = Collections.max(able, Comparator.comparing(ranks::get));
                if (random.nextInt(STINT) == 0) {
                    ranks.put(next, random.nextInt());
                }
                return next;
            };
        }
    }

    /** How long a call takes. */
    public interface Latency {
        /** No time, although others may have their turns before the call. */
        Latency NONE = (action, region) -> Duration.ZERO;

        /** The whole time, of which half has passed when the call is executed. */
        Duration of(String action, String region);
    }

    /** What happens by itself. */
    public interface Agenda {
        /** Nothing but what the cloud does. */
        Agenda NONE =
                new Agenda() {
                    @Override
                    public Optional<Instant> next() {
                        return Optional.empty();
                    }

                    @Override
                    public void play() {}
                };

        /** When something is due next. If that is now, {@link #play} must change it. */
        Optional<Instant> next();

        /** Does what is due by now, outside of all tasks. It may start and kill tasks. */
        void play();
    }

    /** A task that was started. Its number says how many were started before it. */
    public final class Task {
        private final int number;
        private final Optional<Task> parent;
        private final Thread thread;
        private final List<Task> children = new ArrayList<>();
        private Optional<Throwable> failure = Optional.empty();
        private Duration restOfCall = Duration.ZERO;
        private boolean started;
        private boolean killed;

        /** How many tasks were started before it. */
        public int number() {
            return number;
        }

        private Task(Optional<Task> parent, Runnable work) {
            number = tasks++;
            this.parent = parent;
            thread = Thread.ofVirtual().name("task " + number).unstarted(() -> live(work));
        }

        private void live(Runnable work) {
            try {
                if (!killed) {
                    work.run();
                }
            } catch (Throwable thrown) {
                failure = Optional.of(thrown);
            }
            end(this);
        }

        /**
         * Kills it with all that it runs side by side, as Lambda kills a function: it does not get
         * past its present call or pause. A call of which half the time has passed was executed.
         */
        public void kill() {
            killed = true;
            children.forEach(Task::kill);
            if (asleep.removeIf(sleeper -> sleeper.task() == this)) {
                able.add(this);
            }
        }
    }

    private record Sleeper(Instant until, long order, Task task) {}

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final SimulatedCloud cloud;
    private final Latency latency;
    private final TurnOrder order;
    private final Duration patience;
    private final List<Task> alive = new ArrayList<>();
    private final List<Task> able = new ArrayList<>();
    private final PriorityQueue<Sleeper> asleep =
            new PriorityQueue<>(
                    Comparator.comparing(Sleeper::until).thenComparingLong(Sleeper::order));
    private Agenda agenda = Agenda.NONE;
    private Instant end = Instant.MAX;
    private Thread owner = Thread.currentThread();
    private boolean stuck;
    private int tasks;
    private long sleeps;
    private Optional<Throwable> failure = Optional.empty();

    /**
     * Whose turn it is; empty if it is the owner's. Handing it over hands over all other fields.
     */
    private volatile Optional<Task> turn = Optional.empty();

    private final AtomicInteger turns = new AtomicInteger();

    /** Takes the time of this cloud. */
    public TurnTaker(SimulatedCloud cloud, Latency latency, TurnOrder order) {
        this(cloud, latency, order, PATIENCE);
    }

    /**
     * The same, with another patience.
     *
     * @param patience how long a task may block its thread before that counts as a deadlock
     */
    TurnTaker(SimulatedCloud cloud, Latency latency, TurnOrder order, Duration patience) {
        this.cloud = cloud;
        this.latency = latency;
        this.order = order;
        this.patience = patience;
    }

    /**
     * Starts a task, which goes on when it is its turn. Tasks and the owner may start some.
     *
     * @param work must handle its exceptions, lest they end everything
     */
    public Task start(Runnable work) {
        return start(Optional.empty(), work);
    }

    private Task start(Optional<Task> parent, Runnable work) {
        Task task = new Task(parent, work);
        alive.add(task);
        able.add(task);
        return task;
    }

    /**
     * Returns when all tasks have ended.
     *
     * @throws IllegalStateException if a task is blocked by another one that does not go on
     * @throws RuntimeException the exception of the first task that failed
     */
    public void run() {
        runUntil(Instant.MAX, Agenda.NONE);
    }

    /**
     * Plays the tasks and what happens by itself until then, or until nothing is left to do. Tasks
     * that have not ended go on with the next call.
     *
     * @throws IllegalStateException if a task is blocked by another one that does not go on
     * @throws RuntimeException the exception of the first task that failed
     */
    public void runUntil(Instant then, Agenda by) {
        owner = Thread.currentThread();
        agenda = by;
        end = then;
        while (true) {
            takeTurns();
            Optional<Instant> next =
                    Stream.concat(
                                    Stream.ofNullable(asleep.peek()).map(Sleeper::until),
                                    by.next().stream())
                            .min(Comparator.naturalOrder());
            if (next.isEmpty() && !alive.isEmpty()) {
                throw new IllegalStateException("no task can go on:\n" + stacks(alive));
            }
            if (next.isEmpty() || next.get().isAfter(then)) {
                if (then.isBefore(Instant.MAX)) {
                    moveTo(then);
                }
                return;
            }
            moveTo(next.get());
            if (by.next().filter(due -> !due.isAfter(cloud.now())).isPresent()) {
                by.play();
            }
        }
    }

    /** Kills all tasks that have not ended. After a deadlock they stay where they are. */
    @Override
    public void close() {
        if (stuck) {
            return;
        }
        failure = Optional.empty();
        agenda = Agenda.NONE;
        List.copyOf(alive).forEach(Task::kill);
        takeTurns();
    }

    /** The number of the task that calls this; empty if none does. */
    public OptionalInt current() {
        return task().map(task -> OptionalInt.of(task.number)).orElse(OptionalInt.empty());
    }

    /** The number of the task whose work this is, also if others do a part of it side by side. */
    public OptionalInt currentRoot() {
        Optional<Task> root = task();
        while (root.flatMap(task -> task.parent).isPresent()) {
            root = root.flatMap(task -> task.parent);
        }
        return root.map(task -> OptionalInt.of(task.number)).orElse(OptionalInt.empty());
    }

    /** Lets the task that calls this sleep. Without one, the clock moves. */
    public void pause(Duration time) {
        task().ifPresentOrElse(task -> sleep(task, time), () -> cloud.advance(time));
    }

    /**
     * Runs these side by side from within a task, and one after the other outside of all tasks. If
     * one of them is killed, so are the others and the task.
     */
    @Override
    public void run(List<Runnable> workers) {
        Optional<Task> task = task();
        if (task.isEmpty()) {
            workers.forEach(Runnable::run);
            return;
        }
        Task parent = task.get();
        if (parent.killed) {
            throw new CallerKilled("before it forked");
        }
        workers.forEach(worker -> parent.children.add(start(task, worker)));
        if (!parent.children.isEmpty()) {
            giveTurn(parent);
        }
        Optional<Throwable> thrown = parent.failure;
        parent.failure = Optional.empty();
        thrown.ifPresent(TurnTaker::rethrow);
    }

    @Override
    public void before(String action, String region) {
        task().ifPresent(task -> {
            Duration all = latency.of(action, region);
            Duration half = all.dividedBy(2);
            task.restOfCall = all.minus(half);
            sleep(task, half);
        });
    }

    @Override
    public void after(String action, String region) {
        task().filter(task -> task.restOfCall.isPositive())
                .ifPresent(task -> sleep(task, task.restOfCall));
    }

    /** The task that runs on this thread. */
    private Optional<Task> task() {
        return turn.filter(task -> task.thread == Thread.currentThread());
    }

    private void sleep(Task task, Duration time) {
        if (task.killed) {
            throw new CallerKilled("in its sleep");
        }
        if (time.isPositive()) {
            asleep.add(new Sleeper(cloud.now().plus(time), sleeps++, task));
        } else {
            able.add(task);
        }
        giveTurn(task);
        if (task.killed) {
            throw new CallerKilled("in its sleep");
        }
    }

    private void end(Task task) {
        alive.remove(task);
        Optional<Throwable> thrown = task.failure;
        if (task.parent.isPresent()) {
            Task parent = task.parent.get();
            parent.children.remove(task);
            if (thrown.isPresent() && parent.failure.isEmpty()) {
                parent.failure = thrown;
            }
            if (thrown.filter(CallerKilled.class::isInstance).isPresent()) {
                parent.kill();
            }
            if (parent.children.isEmpty()) {
                able.add(parent);
            }
        } else if (!task.killed && failure.isEmpty()) {
            failure = thrown;
        }
        hand(nextTurn());
    }

    /** Lets others have their turns until it is this task's turn again. */
    private void giveTurn(Task task) {
        Optional<Task> next = nextTurn();
        if (next.filter(task::equals).isPresent()) {
            return;
        }
        hand(next);
        while (turn.filter(task::equals).isEmpty()) {
            LockSupport.park(this);
        }
    }

    /** Whose turn is next; empty if the owner must do something first. */
    private Optional<Task> nextTurn() {
        if (failure.isPresent()) {
            return Optional.empty();
        }
        if (able.isEmpty()) {
            passTime();
        }
        if (able.isEmpty()) {
            return Optional.empty();
        }
        int number =
                order.next(
                        able.stream().map(task -> task.number).toList(), turns.getAndIncrement());
        Task next = able.stream().filter(task -> task.number == number).findFirst().orElseThrow();
        able.remove(next);
        return Optional.of(next);
    }

    /** Moves the clock to the next sleeper's time if nothing else happens until then. */
    private void passTime() {
        Sleeper first = asleep.peek();
        if (first != null
                && !first.until().isAfter(end)
                && agenda.next().map(first.until()::isBefore).orElse(true)) {
            moveTo(first.until());
        }
    }

    /** Moves the clock, and wakes whoever has slept long enough. */
    private void moveTo(Instant then) {
        if (then.isAfter(cloud.now())) {
            cloud.advanceTo(then);
        }
        while (!asleep.isEmpty() && !asleep.element().until().isAfter(cloud.now())) {
            able.add(asleep.remove().task());
        }
    }

    private void hand(Optional<Task> next) {
        turn = next;
        if (next.isEmpty()) {
            LockSupport.unpark(owner);
        } else if (next.get().started) {
            LockSupport.unpark(next.get().thread);
        } else {
            next.get().started = true;
            next.get().thread.start();
        }
    }

    /** Lets tasks have their turns until the owner must do something. */
    private void takeTurns() {
        hand(nextTurn());
        int seen = turns.get();
        long since = System.nanoTime();
        for (Optional<Task> now = turn; now.isPresent(); now = turn) {
            Task task = now.get();
            if (turns.get() != seen || !isStuck(task.thread)) {
                seen = turns.get();
                since = System.nanoTime();
            } else if (System.nanoTime() - since > patience.toNanos()) {
                stuck = true;
                throw deadlock(task);
            }
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(100));
        }
        failure.ifPresent(TurnTaker::rethrow);
    }

    private IllegalStateException deadlock(Task blocked) {
        List<Task> others = alive.stream().filter(task -> !task.equals(blocked)).toList();
        return new IllegalStateException(
                "a task is blocked, and the others wait for it. Nobody may call a service or pause"
                        + " while holding a lock.\n"
                        + stacks(List.of(blocked))
                        + "The others:\n"
                        + stacks(others));
    }

    private static boolean isStuck(Thread thread) {
        return switch (thread.getState()) {
            case BLOCKED, WAITING -> true;
            case NEW, RUNNABLE, TIMED_WAITING, TERMINATED -> false;
        };
    }

    private static String stacks(List<Task> tasks) {
        return tasks.stream()
                .map(task ->
                        Stream.of(task.thread.getStackTrace())
                                .map(frame -> "    at " + frame + "\n")
                                .collect(
                                        Collectors.joining(
                                                "", "  " + task.thread.getName() + "\n", "")))
                .collect(Collectors.joining());
    }

    private static void rethrow(Throwable thrown) {
        switch (thrown) {
            case RuntimeException failed -> throw failed;
            case Error failed -> throw failed;
            default -> throw new IllegalStateException(thrown);
        }
    }
}
