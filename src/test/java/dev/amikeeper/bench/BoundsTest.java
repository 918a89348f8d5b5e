package dev.amikeeper.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.ec2.Pace.Call;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;

final class BoundsTest {
    private static final Duration QUARTER_HOUR = Duration.ofMinutes(15);

    @ParameterizedTest
    @CsvSource({
        "CREATE_IMAGE, 0, 0",
        "CREATE_IMAGE, 50, 0",
        "CREATE_IMAGE, 51, 0.2",
        "CREATE_IMAGE, 1000, 190",
        "CREATE_IMAGE, 10000, 1990",
        "COPY_IMAGE, 1000, 900",
        "DEREGISTER_IMAGE, 1000, 180"
    })
    void fullBucketGivesItsBurstAtOnceAndTheRestAsItFills(Call call, int calls, double seconds) {
        assertThat(Bounds.byBucket(calls, call).toMillis()).isEqualTo((long) (seconds * 1000));
    }

    @Test
    void roomDoesNotMatterWhileThereIsEnough() {
        assertThat(copies(1000, 300, Duration.ofMinutes(4)))
                .isEqualTo(Bounds.byBucket(1000, Call.COPY_IMAGE));
        assertThat(copies(300, 300, QUARTER_HOUR)).isEqualTo(Duration.ofSeconds(200));
    }

    /** The second 300 begin 15 minutes after the first; the bucket is full again by then. */
    @Test
    void copyWaitsForTheRoomOfAnEarlierOne() {
        assertThat(copies(301, 300, QUARTER_HOUR)).isEqualTo(QUARTER_HOUR);
        assertThat(copies(600, 300, QUARTER_HOUR)).isEqualTo(QUARTER_HOUR.plusSeconds(200));
    }

    @Test
    void smallRoomIsTheBound() {
        assertThat(copies(10, 1, QUARTER_HOUR)).isEqualTo(QUARTER_HOUR.multipliedBy(9));
    }

    private static Duration copies(int count, int most, Duration takes) {
        return Bounds.byBucketAndRoom(count, Call.COPY_IMAGE, most, takes);
    }
}
