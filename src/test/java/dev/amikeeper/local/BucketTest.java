package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;

import java.time.Duration;
import java.time.Instant;

final class BucketTest {
    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final Ec2Client ec2 = cloud.ec2("us-east-1");

    @ParameterizedTest
    @CsvSource({
        "DescribeImages, true, 100, 20",
        "DescribeImages, false, 50, 10",
        "CreateImage, false, 50, 5",
        "RegisterImage, false, 50, 5",
        "EnableImageDeprecation, false, 50, 5",
        "DisableImage, false, 50, 5",
        "EnableImage, false, 50, 5",
        "EnableImageDeregistrationProtection, false, 50, 5",
        "CopyImage, false, 100, 1",
        "DeregisterImage, false, 100, 5",
        "DeleteSnapshot, false, 100, 5",
        "ModifyImageAttribute, false, 100, 5",
        "ModifySnapshotAttribute, false, 100, 5",
        "TerminateInstances, false, 100, 5",
        "CreateTags, false, 100, 10",
        "DeleteTags, false, 100, 10",
        "RunInstances, false, 5, 2",
    })
    void everyActionHasItsDocumentedBucket(String action, boolean narrow, int size, double refill) {
        assertThat(Bucket.of(action, narrow)).isEqualTo(new Bucket(size, refill));
    }

    @Test
    void nothingIsThrottledUnlessTold() {
        assertThat(burst(200)).isEqualTo(200);
    }

    @Test
    void aBucketEmptiesAndFillsAgainWithTheClock() {
        cloud.settings().throttling(true);

        assertThat(burst(200)).isEqualTo(100);
        cloud.advance(Duration.ofSeconds(2));
        assertThat(burst(200)).isEqualTo(40);
        cloud.advance(Duration.ofHours(1));
        assertThat(burst(200)).isEqualTo(100);
    }

    @Test
    void everyRegionHasItsOwnBucket() {
        cloud.settings().throttling(true);
        burst(100);

        assertThat(cloud.ec2("us-west-2").describeImages(r -> r.maxResults(5)).images()).isEmpty();
    }

    @Test
    void aThrottledCallIsAnswered503() {
        cloud.settings().bucket("DescribeImages", new Bucket(0, 0));

        Ec2Exception throttled =
                catchThrowableOfType(Ec2Exception.class, () -> ec2.describeImages(r -> {}));

        assertThat(throttled.statusCode()).isEqualTo(503);
        assertThat(throttled.awsErrorDetails().errorCode()).isEqualTo("RequestLimitExceeded");
    }

    /** How many of so many calls at once are answered. */
    private int burst(int calls) {
        int answered = 0;
        for (int n = 0; n < calls; n++) {
            try {
                ec2.describeImages(r -> r.maxResults(5));
                answered++;
            } catch (Ec2Exception throttled) {
                assertThat(throttled.statusCode()).isEqualTo(503);
            }
        }
        return answered;
    }
}
