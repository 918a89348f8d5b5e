package dev.amikeeper.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.lifecycle.Burst.Next;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;

final class BurstTest {
    private static final Burst CREATES = new Burst(50, 5);
    private static final Burst COPIES = new Burst(100, 1);

    @ParameterizedTest
    @CsvSource({
        // What waits, as long as there are tokens.
        "25, 100, 25",
        "25.9, 100, 25",
        "25, 10, 10",
        "12, 100, 12",
        // Few tokens are worth it only if they are enough.
        "11.9, 100, 0",
        "11.9, 11, 11",
        "3, 3, 3",
        "2.9, 3, 0",
        "0, 1, 0",
        "-4, 1, 0",
        "25, 0, 0"
    })
    void startsWhatTheBucketHoldsIfThatIsWorthwhile(double tokens, int waiting, int starts) {
        assertThat(CREATES.now(tokens, waiting)).isEqualTo(starts);
    }

    @ParameterizedTest
    @CsvSource({
        // Until the bucket is half full …
        "0, 1000, 5",
        "6, 1000, 4",
        "0.1, 1000, 5",
        "-8, 1000, 7",
        // … or holds what is left.
        "0, 10, 2",
        "2.9, 3, 1"
    })
    void comesAgainWhenTheBucketHoldsAGoodBurst(double tokens, int waiting, int seconds) {
        assertThat(CREATES.after(tokens, waiting, false))
                .isEqualTo(new Next(true, Duration.ofSeconds(seconds)));
    }

    @Test
    void nobodyWaitsForTokensThatAreThere() {
        assertThat(CREATES.after(20, 100, false)).isEqualTo(Next.AT_ONCE);
    }

    @ParameterizedTest
    @CsvSource({"10, 40", "46, 4"})
    void someWorkerLooksAfterABucketThatIsLessThanHalfFull(double tokens, int seconds) {
        assertThat(COPIES.after(tokens, 0, false))
                .isEqualTo(new Next(true, Duration.ofSeconds(seconds)));
    }

    @ParameterizedTest
    @CsvSource({"100", "50", "47"})
    void nobodyHasToLookAfterABucketThatIsHalfFullOrSoonWillBe(double tokens) {
        assertThat(COPIES.after(tokens, 0, false)).isEqualTo(Next.NOTHING);
    }

    @Test
    void aWorkerThatLastsRemembersAFewTokens() {
        assertThat(COPIES.after(40, 0, true)).isEqualTo(Next.NOTHING);
        assertThat(COPIES.after(39, 0, true)).isEqualTo(new Next(true, Duration.ofSeconds(11)));
    }

    /** A worker that is told nothing assumes half a bucket, and must not be wrong. */
    @Test
    void aBurstIsNeverMoreThanTheBucketHoldsWhenTheNextWorkerComes() {
        for (int tenths = -100; tenths <= 500; tenths++) {
            for (int waiting : new int[] {1, 5, 8, 20, 1000}) {
                double tokens = tenths / 10.0;
                double then = tokens + CREATES.after(tokens, waiting, false).hold().toSeconds() * 5;
                assertThat(CREATES.now(then, waiting)).isPositive();
            }
        }
    }
}
