package dev.amikeeper.replication;

import static dev.amikeeper.replication.ImageStateReport.ImageStateCount.KEYS;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.lifecycle.ImageProgress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageStateReportTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Client.InvalidKMSKey.InvalidState",
                "arn:aws:kms:us-east-1:012345678901:key/01234567-0123-0123-0123-0123456789ab is"
                        + " disabled.",
                "Source snapshot ID: Given key ID is not accessible"
            })
    void countsAFailureForAKey(String why) {
        assertThat(ImageStateReport.of(ImageProgress.Step.AGAIN, why).count(KEYS)).isEqualTo(1);
        assertThat(ImageStateReport.of(ImageProgress.Step.FAILED, why).count(KEYS)).isEqualTo(1);
        assertThat(ImageStateReport.of(ImageProgress.Step.NOTHING, why).count(KEYS)).isZero();
    }

    @Test
    void countsNoOtherFailureAsOneForAKey() {
        assertThat(
                        ImageStateReport.of(
                                        ImageProgress.Step.FAILED,
                                        "Client.InternalError: the key of the tag is wrong")
                                .count(KEYS))
                .isZero();
    }
}
