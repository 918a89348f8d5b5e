package dev.amikeeper.ec2;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;

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

/**
 * An EC2 that says what the simulated cloud does not: it shows one image, in this state, and calls
 * it unavailable where it is to be deregistered.
 */
record OneImage(ImageState state, String protection) implements Ec2Client {
    static final Region EAST = new Region("us-east-1");
    static final ImageId ID = new ImageId("ami-0123456789abcdef0");
    static final String NAME = "gold/i-0123456789abcdef0/2026-03-01T02.00.00Z";

    ImageDoors doors() {
        InstantSource clock = InstantSource.fixed(Instant.parse("2026-03-01T03:00:00Z"));
        Pace pace = new Pace(clock, (Duration _) -> {});
        return ImageDoors.of(_ -> this, pace, SideBySide.ONE_BY_ONE);
    }

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
