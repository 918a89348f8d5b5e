package dev.amikeeper.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.ImageState;

import java.util.List;

/** What EC2 may answer to a change and the simulated cloud does not. */
final class ImageChangesTest {
    @Test
    void anImageThatIsUnavailableForACallButThereKeepsItsSnapshots() {
        assertThat(
                        new OneImage(ImageState.PENDING, "disabled")
                                .doors()
                                .changes()
                                .remove(OneImage.EAST, OneImage.ID, List.of()))
                .isInstanceOf(RemovalResult.NotRemoved.class);
        assertThat(
                        new OneImage(ImageState.DEREGISTERED, "disabled")
                                .doors()
                                .changes()
                                .remove(OneImage.EAST, OneImage.ID, List.of()))
                .isEqualTo(new RemovalResult.Removed());
    }
}
