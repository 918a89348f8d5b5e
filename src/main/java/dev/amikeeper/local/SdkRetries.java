package dev.amikeeper.local;

import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How a client of AWS's SDK repeats calls by itself: at most three more times after throttling, an
 * error of the service or a lost answer, with growing pauses of random length.
 *
 * @see <a href="https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html">Retry
 *     behavior</a>
 */
record SdkRetries(RandomGenerator random) {
    private static final int ATTEMPTS = 4;
    private static final int SERVER_ERROR = 500;
    private static final Duration AFTER_THROTTLING = Duration.ofMillis(500);
    private static final Duration AFTER_ERROR = Duration.ofMillis(100);

    /**
     * How long to wait before the next attempt; empty if the caller gets the failure.
     *
     * @param attempts how many there were
     */
    Optional<Duration> next(int attempts, RuntimeException failure) {
        if (attempts == ATTEMPTS) {
            return Optional.empty();
        }
        return switch (failure) {
            case AwsServiceException answered when answered.isThrottlingException() -> {
                long most = AFTER_THROTTLING.toMillis() << attempts;
                yield Optional.of(Duration.ofMillis(most / 2 + random.nextLong(most / 2)));
            }
            case AwsServiceException answered when answered.statusCode() < SERVER_ERROR ->
                    Optional.empty();
            case AwsServiceException _, SdkClientException _ ->
                    Optional.of(
                            Duration.ofMillis(random.nextLong(AFTER_ERROR.toMillis() << attempts)));
            default -> Optional.empty();
        };
    }
}
