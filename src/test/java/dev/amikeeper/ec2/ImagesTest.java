package dev.amikeeper.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.DeregisterImageRequest;
import software.amazon.awssdk.services.ec2.model.DeregisterImageResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageState;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** What EC2 may say and the simulated cloud does not. */
final class ImagesTest {
    private static final Region EAST = new Region("us-east-1");
    private static final ImageId ID = new ImageId("ami-0123456789abcdef0");
    private static final String NAME = "gold/i-0123456789abcdef0/2026-03-01T02.00.00Z";

    /** Shows one image, in this state, and calls it unavailable where it is to be deregistered. */
    private record OneImage(ImageState state, String protection) implements Ec2Client {
        @Override
        public String serviceName() {
            return SERVICE_NAME;
        }

        @Override
        public void close() {}

        @Override
        public DescribeImagesResponse describeImages(DescribeImagesRequest request) {
            return DescribeImagesResponse.builder()
                    .images(
                            Image.builder()
                                    .imageId(ID.value())
                                    .name(NAME)
                                    .state(state)
                                    .deregistrationProtection(protection)
                                    .creationDate("2026-03-01T02:00:00.000Z")
                                    .build())
                    .build();
        }

        @Override
        public DeregisterImageResponse deregisterImage(DeregisterImageRequest request) {
            throw Ec2Exception.builder()
                    .statusCode(400)
                    .awsErrorDetails(
                            AwsErrorDetails.builder().errorCode("InvalidAMIID.Unavailable").build())
                    .build();
        }
    }

    private static Images images(ImageState state, String protection) {
        InstantSource clock = InstantSource.fixed(Instant.parse("2026-03-01T03:00:00Z"));
        return new Images(
                _ -> new OneImage(state, protection), new Pace(clock, (Duration _) -> {}));
    }

    @Test
    void anImageThatIsListedAsDeregisteredIsThereForNobody() {
        Images images = images(ImageState.DEREGISTERED, "disabled");

        assertThat(images.named(EAST, ImageName.parse(NAME).orElseThrow())).isEmpty();
        assertThat(images.ours(EAST)).isEmpty();
        assertThat(images.find(EAST, List.of(ID))).isEmpty();
        assertThat(images.using(EAST, List.of(new SnapshotId("snap-0123456789abcdef0")))).isEmpty();
        assertThat(images.origin(EAST, ID)).isEmpty();
        assertThat(images.bulk(EAST, List.of(ID))).isEmpty();
        assertThat(images.look(EAST, ID)).isEqualTo(new ImageLookup.Gone());
    }

    @Test
    void anImageThatIsUnavailableForACallButThereKeepsItsSnapshots() {
        assertThat(images(ImageState.PENDING, "disabled").remove(EAST, ID, List.of()))
                .isInstanceOf(RemovalResult.NotRemoved.class);
        assertThat(images(ImageState.DEREGISTERED, "disabled").remove(EAST, ID, List.of()))
                .isEqualTo(new RemovalResult.Removed());
    }

    @Test
    void aLiftedProtectionHoldsWhileItCoolsDown() {
        assertThat(isProtected("disabled after 2026-03-02T02:00:00.000Z")).isTrue();
        assertThat(isProtected("enabled-with-cooldown")).isTrue();
        assertThat(isProtected("disabled")).isFalse();
    }

    private static boolean isProtected(String said) {
        return images(ImageState.AVAILABLE, said).ours(EAST).getFirst().isProtected();
    }
}
