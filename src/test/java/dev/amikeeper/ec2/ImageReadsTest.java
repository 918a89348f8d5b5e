package dev.amikeeper.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.SnapshotId;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.ImageState;

import java.util.List;

/** What EC2 may tell of images and the simulated cloud does not. */
final class ImageReadsTest {
    @Test
    void anImageThatIsListedAsDeregisteredIsThereForNobody() {
        ImageReads images = new OneImage(ImageState.DEREGISTERED, "disabled").doors().reads();

        assertThat(images.named(OneImage.EAST, ImageName.parse(OneImage.NAME).orElseThrow()))
                .isEmpty();
        assertThat(images.ours(OneImage.EAST)).isEmpty();
        assertThat(images.find(OneImage.EAST, List.of(OneImage.ID))).isEmpty();
        assertThat(images.using(OneImage.EAST, List.of(new SnapshotId("snap-0123456789abcdef0"))))
                .isEmpty();
        assertThat(images.origin(OneImage.EAST, OneImage.ID)).isEmpty();
        assertThat(images.bulk(OneImage.EAST, List.of(OneImage.ID))).isEmpty();
        assertThat(images.look(OneImage.EAST, OneImage.ID)).isEqualTo(new ImageLookup.Gone());
    }

    @Test
    void aLiftedProtectionHoldsWhileItCoolsDown() {
        assertThat(isProtected("disabled after 2026-03-02T02:00:00.000Z")).isTrue();
        assertThat(isProtected("enabled-with-cooldown")).isTrue();
        assertThat(isProtected("disabled")).isFalse();
    }

    private static boolean isProtected(String said) {
        return new OneImage(ImageState.AVAILABLE, said)
                .doors()
                .reads()
                .ours(OneImage.EAST)
                .getFirst()
                .isProtected();
    }
}
