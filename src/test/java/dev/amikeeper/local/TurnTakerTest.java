package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.local.TurnTaker.Latency;
import dev.amikeeper.local.TurnTaker.TurnOrder;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.ImageState;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

final class TurnTakerTest {
    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final String REGION = "us-east-1";

    /** 300 ms a change and half of it a read. */
    private static final Latency USUAL =
            (action, _) -> Duration.ofMillis(action.startsWith("Describe") ? 150 : 300);

    private final SimulatedCloud cloud = new SimulatedCloud(START, 1);
    private final List<String> story = new ArrayList<>();

    @Test
    void callsTakeTheirTimeAndGoOnSideBySide() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        turns.start(() -> {
            read("a");
            read("a");
        });
        turns.start(() -> read("b"));
        turns.start(() -> {
            turns.pause(Duration.ofSeconds(1));
            tell("c");
        });

        turns.run();

        assertThat(story).containsExactly("a 150", "b 150", "a 300", "c 1000");
        assertThat(cloud.now()).isEqualTo(START.plusSeconds(1));
    }

    @Test
    void callIsExecutedWhenHalfItsTimeHasPassed() {
        String instance = cloud.launch(REGION, Map.of(), List.of(8));
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        turns.start(() ->
                cloud.ec2(REGION).createImage(image -> image.instanceId(instance).name("one")));
        turns.start(() -> {
            turns.pause(Duration.ofMillis(149));
            tell(cloud.images(REGION).size() + " images");
            turns.pause(Duration.ofMillis(2));
            tell(cloud.images(REGION).size() + " images");
        });

        turns.run();

        assertThat(story).containsExactly("0 images 149", "1 images 151");
        assertThat(cloud.now()).isEqualTo(START.plusMillis(300));
    }

    @Test
    void refusedAndLostCallsTakeAsLong() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        cloud.faults().calls("DescribeImages").times(1).throttle();
        cloud.faults().calls("DescribeImages").nth(2).loseReply();
        turns.start(() -> {
            assertThatThrownBy(() -> read("a")).hasMessageContaining("Request limit exceeded");
            tell("throttled");
            assertThatThrownBy(() -> read("a")).isInstanceOf(SdkClientException.class);
            tell("lost");
        });

        turns.run();

        assertThat(story).containsExactly("throttled 150", "lost 300");
    }

    @Test
    void cloudGoesOnMeanwhile() {
        String instance = cloud.launch(REGION, Map.of(), List.of(8));
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        turns.start(() -> {
            cloud.ec2(REGION).createImage(image -> image.instanceId(instance).name("one"));
            while (cloud.images(REGION).getFirst().is(ImageState.PENDING)) {
                turns.pause(Duration.ofSeconds(1));
            }
            tell("available");
        });

        turns.run();

        assertThat(story).containsExactly("available 300300");
    }

    @Test
    void workersGoOnSideBySideAndTheirParentGoesOnAfterTheLast() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        SideBySide sideBySide = new SideBySide(4, turns);
        turns.start(() -> {
            sideBySide.forEach(numbers(8), () -> true, number -> read("read " + number));
            tell("all");
        });

        turns.run();

        assertThat(story)
                .containsExactly(
                        "read 1 150",
                        "read 2 150",
                        "read 3 150",
                        "read 4 150",
                        "read 5 300",
                        "read 6 300",
                        "read 7 300",
                        "read 8 300",
                        "all 300");
    }

    @Test
    void workersForkWorkers() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        turns.start(() -> {
            turns.run(
                    List.of(
                            () -> {
                                turns.run(List.of(() -> read("a"), () -> read("b")));
                                read("ab");
                            },
                            () -> read("c")));
            tell("all");
        });

        turns.run();

        assertThat(story).containsExactly("c 150", "a 150", "b 150", "ab 300", "all 300");
    }

    @Test
    void parentGetsTheFirstFailureAfterAllHaveEnded() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        turns.start(() -> {
            try {
                turns.run(
                        List.of(
                                () -> {
                                    read("a");
                                    read("a");
                                    throw new IllegalArgumentException("late");
                                },
                                () -> {
                                    read("b");
                                    throw new IllegalArgumentException("early");
                                }));
            } catch (IllegalArgumentException failed) {
                tell(String.valueOf(failed.getMessage()));
            }
        });

        turns.run();

        assertThat(story).containsExactly("a 150", "b 150", "a 300", "early 300");
    }

    @Test
    void failureOfATaskEndsThePlay() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        turns.start(() -> {
            throw new IllegalArgumentException("a mistake");
        });
        turns.start(() -> read("b"));

        assertThatThrownBy(turns::run).hasMessage("a mistake");
        assertThat(story).isEmpty();
        turns.close();
    }

    @Test
    void killedTaskDoesNotGetPastItsCall() {
        List<String> ends = new ArrayList<>();
        for (int after : List.of(149, 151)) {
            SimulatedCloud world = new SimulatedCloud(START, 1);
            String instance = world.launch(REGION, Map.of(), List.of(8));
            TurnTaker turns = new TurnTaker(world, USUAL, TurnOrder.FIRST_COME);
            world.watch(turns);
            Ec2Client ec2 = world.ec2(REGION);
            TurnTaker.Task task =
                    turns.start(() -> {
                        turns.run(
                                List.of(
                                        () ->
                                                ec2.createImage(
                                                        it -> it.instanceId(instance).name("one")),
                                        () -> {
                                            ec2.describeImages();
                                            ec2.createImage(
                                                    it -> it.instanceId(instance).name("two"));
                                        }));
                        story.add("never");
                    });

            turns.runUntil(START.plusMillis(after), TurnTaker.Agenda.NONE);
            task.kill();
            turns.run();

            ends.add(world.images(REGION).size() + " at " + millis(world));
        }

        assertThat(ends).containsExactly("0 at 149", "1 at 151");
        assertThat(story).isEmpty();
    }

    @Test
    void faultThatKillsOneWorkerKillsThemAll() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        cloud.faults().calls("DescribeImages").nth(2).killAfter();
        turns.start(() -> {
            try {
                turns.run(List.of(() -> read("a"), () -> read("b"), () -> read("c")));
            } catch (CallerKilled dead) {
                story.add("dead");
            }
        });

        turns.run();

        assertThat(story).containsExactly("dead");
        assertThat(cloud.calls()).containsEntry("DescribeImages", 2);
    }

    @Test
    void agendaHappensInBetween() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        turns.start(() -> {
            read("a");
            read("a");
        });
        List<Instant> due = new ArrayList<>(List.of(START.plusMillis(200), START.plusSeconds(9)));

        turns.runUntil(
                START.plusSeconds(10),
                new TurnTaker.Agenda() {
                    @Override
                    public Optional<Instant> next() {
                        return due.stream().findFirst();
                    }

                    @Override
                    public void play() {
                        due.removeFirst();
                        tell("agenda");
                        turns.start(() -> read("started"));
                    }
                });

        assertThat(story)
                .containsExactly(
                        "a 150",
                        "agenda 200",
                        "a 300",
                        "started 350",
                        "agenda 9000",
                        "started 9150");
        assertThat(cloud.now()).isEqualTo(START.plusSeconds(10));
    }

    @Test
    void playGoesOnWhereItStopped() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        turns.start(() -> {
            read("a");
            read("a");
        });

        turns.runUntil(START.plusMillis(200), TurnTaker.Agenda.NONE);
        story.add("stopped");
        turns.run();

        assertThat(story).containsExactly("a 150", "stopped", "a 300");
    }

    @Test
    void closingEndsWhatIsUnderWay() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);
        AtomicInteger ended = new AtomicInteger();
        for (int task = 0; task < 3; task++) {
            turns.start(() -> {
                try {
                    turns.pause(Duration.ofDays(1));
                    story.add("never");
                } finally {
                    ended.incrementAndGet();
                }
            });
        }
        turns.runUntil(START.plusSeconds(1), TurnTaker.Agenda.NONE);

        turns.close();

        assertThat(ended).hasValue(3);
        assertThat(story).isEmpty();
    }

    @Test
    void seedSaysWhoGoesNext() {
        assertThat(orderOf(7)).isEqualTo(orderOf(7)).hasSize(30);
        assertThat(orderOf(7))
                .isNotEqualTo(orderOf(8))
                .containsExactlyInAnyOrderElementsOf(orderOf(8));
    }

    private static List<String> orderOf(long seed) {
        SimulatedCloud world = new SimulatedCloud(START, 1);
        TurnTaker turns = new TurnTaker(world, Latency.NONE, TurnOrder.random(seed));
        world.watch(turns);
        List<String> order = new ArrayList<>();
        for (int task = 0; task < 3; task++) {
            int number = task;
            turns.start(() -> {
                for (int call = 0; call < 10; call++) {
                    world.ec2(REGION).describeImages();
                    order.add(number + ": " + call + " by " + turns.current().orElseThrow());
                }
            });
        }
        turns.run();
        return order;
    }

    @Test
    void taskThatIsBlockedByASleepingOneIsAnError() {
        TurnTaker turns = new TurnTaker(cloud, USUAL, TurnOrder.FIRST_COME, Duration.ofMillis(300));
        cloud.watch(turns);
        Object lock = new Object();
        turns.start(() -> {
            synchronized (lock) {
                read("a");
            }
        });
        turns.start(() -> {
            synchronized (lock) {
                read("b");
            }
        });

        assertThatThrownBy(turns::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("while holding a lock")
                .hasMessageContaining("task 1\n")
                .hasMessageContaining("TurnTakerTest");
        turns.close();
    }

    @Test
    void taskThatWaitsForAnotherOneByOtherMeansIsAnError() {
        TurnTaker turns = new TurnTaker(cloud, USUAL, TurnOrder.FIRST_COME, Duration.ofMillis(300));
        CountDownLatch latch = new CountDownLatch(1);
        turns.start(() -> {
            try {
                latch.await();
            } catch (InterruptedException stopped) {
                throw new IllegalStateException(stopped);
            }
        });
        turns.start(latch::countDown);

        assertThatThrownBy(turns::run).hasMessageContaining("CountDownLatch");
    }

    @Test
    void whoeverIsNoTaskTakesNoTurns() {
        TurnTaker turns = taker(USUAL, TurnOrder.FIRST_COME);

        turns.run(List.of(() -> read("a"), () -> read("b")));
        turns.pause(Duration.ofSeconds(1));
        turns.run();

        assertThat(story).containsExactly("a 0", "b 0");
        assertThat(turns.current()).isEmpty();
        assertThat(cloud.now()).isEqualTo(START.plusSeconds(1));
    }

    private TurnTaker taker(Latency latency, TurnOrder order) {
        TurnTaker turns = new TurnTaker(cloud, latency, order);
        cloud.watch(turns);
        return turns;
    }

    private void read(String who) {
        cloud.ec2(REGION).describeImages();
        tell(who);
    }

    private void tell(String what) {
        story.add(what + " " + millis(cloud));
    }

    private static long millis(SimulatedCloud cloud) {
        return Duration.between(START, cloud.now()).toMillis();
    }

    private static List<Integer> numbers(int count) {
        return IntStream.rangeClosed(1, count).boxed().toList();
    }
}
