package dev.amikeeper.ec2;

import static dev.amikeeper.ec2.Pace.Call.COPY_IMAGE;
import static dev.amikeeper.ec2.Pace.Call.CREATE_IMAGE;
import static dev.amikeeper.ec2.Pace.Call.CREATE_STORE_IMAGE_TASK;
import static dev.amikeeper.ec2.Pace.Call.DEREGISTER_IMAGE;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

final class PaceTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Region WEST = new Region("us-west-2");

    private final List<Duration> pauses = new ArrayList<>();
    private Instant now = Instant.parse("2026-03-01T02:00:00Z");
    private final Pace pace = new Pace(() -> now, this::pause);

    @Test
    void beginsWithHalfABurst() {
        take(25, CREATE_IMAGE);
        assertThat(pauses).isEmpty();

        take(1, CREATE_IMAGE);
        assertThat(pauses).containsExactly(Duration.ofMillis(200));
    }

    @Test
    void keepsToTheRefillOnceTheBurstIsSpent() {
        take(50, COPY_IMAGE);
        assertThat(pauses).isEmpty();

        take(3, COPY_IMAGE);
        assertThat(pauses).hasSize(3).containsOnly(Duration.ofSeconds(1));
    }

    @Test
    void waitsTenSecondsForEachImageToStore() {
        take(25, CREATE_STORE_IMAGE_TASK);
        assertThat(pauses).isEmpty();

        take(2, CREATE_STORE_IMAGE_TASK);
        assertThat(pauses).containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(10));
    }

    @Test
    void getsTokensBackWithTime() {
        take(25, CREATE_IMAGE);
        now = now.plusSeconds(2);

        take(10, CREATE_IMAGE);
        assertThat(pauses).isEmpty();

        take(1, CREATE_IMAGE);
        assertThat(pauses).containsExactly(Duration.ofMillis(200));
    }

    @Test
    void holdsNoMoreThanAFullBucket() {
        take(1, CREATE_IMAGE);
        now = now.plus(Duration.ofDays(1));

        take(50, CREATE_IMAGE);
        assertThat(pauses).isEmpty();

        take(1, CREATE_IMAGE);
        assertThat(pauses).hasSize(1);
    }

    @Test
    void waitsOnlyForWhatIsMissing() {
        pace.empty(EAST, CREATE_IMAGE);
        now = now.plusMillis(150);

        take(1, CREATE_IMAGE);

        assertThat(pauses).containsExactly(Duration.ofMillis(50));
    }

    @Test
    void believesEc2ThatTheBucketIsEmpty() {
        take(1, CREATE_IMAGE);
        pace.empty(EAST, CREATE_IMAGE);

        take(2, CREATE_IMAGE);

        assertThat(pauses).containsExactly(Duration.ofMillis(200), Duration.ofMillis(200));
    }

    @Test
    void keepsRegionsApart() {
        pace.empty(EAST, CREATE_IMAGE);

        pace.take(WEST, CREATE_IMAGE);

        assertThat(pauses).isEmpty();
    }

    @Test
    void keepsCallsApart() {
        pace.empty(EAST, CREATE_IMAGE);

        pace.take(EAST, DEREGISTER_IMAGE);

        assertThat(pauses).isEmpty();
    }

    @Test
    void startsWithWhatTheLastUserLeft() {
        pace.set(EAST, COPY_IMAGE, 2.5);

        take(3, COPY_IMAGE);

        assertThat(pauses).containsExactly(Duration.ofMillis(500));
    }

    @Test
    void neverHoldsMoreThanItsSizeWhateverItIsSetTo() {
        pace.set(EAST, COPY_IMAGE, 1e9);

        assertThat(pace.tokens(EAST, COPY_IMAGE)).isEqualTo(100);
    }

    @Test
    void tellsWhenItHoldsABurst() {
        pace.set(EAST, CREATE_IMAGE, -1);

        assertThat(pace.until(EAST, CREATE_IMAGE, 25)).isEqualTo(Duration.ofMillis(5_200));
        now = now.plusMillis(5_200);
        assertThat(pace.until(EAST, CREATE_IMAGE, 25)).isZero();
        assertThat(pace.tokens(EAST, CREATE_IMAGE)).isEqualTo(25);
    }

    /** Callers that wait at the same time do not get the same token. */
    @Test
    void givesEachOfSeveralCallersATokenOfItsOwn() {
        Pace still = new Pace(() -> now, pauses::add);
        still.set(EAST, CREATE_IMAGE, 0);

        for (int caller = 0; caller < 3; caller++) {
            still.take(EAST, CREATE_IMAGE);
        }

        assertThat(pauses)
                .containsExactly(
                        Duration.ofMillis(200), Duration.ofMillis(400), Duration.ofMillis(600));
        assertThat(still.tokens(EAST, CREATE_IMAGE)).isEqualTo(-3);
    }

    /** The callers that wait keep their tokens, so a new one waits behind them. */
    @Test
    void believesWhoeverKnowsOfLess() {
        pace.atMost(EAST, CREATE_IMAGE, 30);
        assertThat(pace.tokens(EAST, CREATE_IMAGE)).isEqualTo(30);

        pace.atMost(EAST, CREATE_IMAGE, 3);
        pace.atMost(EAST, CREATE_IMAGE, 40);
        assertThat(pace.tokens(EAST, CREATE_IMAGE)).isEqualTo(3);

        pace.atMost(WEST, CREATE_IMAGE, 400);
        assertThat(pace.tokens(WEST, CREATE_IMAGE)).isEqualTo(50);
    }

    @Test
    void doesNotForgetWhoWaitsWhenEc2SaysThatTheBucketIsEmpty() {
        Pace still = new Pace(() -> now, pauses::add);
        still.set(EAST, CREATE_IMAGE, -2);

        still.empty(EAST, CREATE_IMAGE);

        assertThat(still.tokens(EAST, CREATE_IMAGE)).isEqualTo(-2);
    }

    /** EC2's bucket as its documentation tells: 50 tokens, 5 a second; half full at the begin. */
    @ParameterizedTest
    @MethodSource("seeds")
    void neverOutrunsEc2(long seed) {
        Random random = new Random(seed);
        double tokens = 25;
        Instant last = now;
        for (int i = 0; i < 1000; i++) {
            now = now.plusMillis(random.nextInt(20) == 0 ? random.nextInt(15_000) : 0);
            take(1, CREATE_IMAGE);

            tokens = Math.min(50, tokens + Duration.between(last, now).toMillis() * 5 / 1000.0) - 1;
            last = now;
            assertThat(tokens).as("seed %s, call %s", seed, i).isGreaterThan(-1e-6);
        }
        assertThat(pauses).isNotEmpty();
    }

    static LongStream seeds() {
        return LongStream.range(0, 10);
    }

    private void take(int times, Pace.Call call) {
        for (int i = 0; i < times; i++) {
            pace.take(EAST, call);
        }
    }

    private void pause(Duration duration) {
        pauses.add(duration);
        now = now.plus(duration);
    }
}
