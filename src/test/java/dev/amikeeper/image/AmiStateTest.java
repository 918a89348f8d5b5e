package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class AmiStateTest {
    @ParameterizedTest
    @EnumSource(
            value = software.amazon.awssdk.services.ec2.model.ImageState.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = "UNKNOWN_TO_SDK_VERSION")
    void hasEveryWordOfEc2(software.amazon.awssdk.services.ec2.model.ImageState state) {
        assertThat(AmiState.of(state.toString())).hasToString(state.toString());
        assertThat(AmiState.of(state.toString())).isNotEqualTo(AmiState.UNKNOWN);
    }

    @Test
    void takesAWordOfALaterTimeForNoState() {
        assertThat(AmiState.of("archived")).isEqualTo(AmiState.UNKNOWN);
        assertThat(AmiState.of(null)).isEqualTo(AmiState.UNKNOWN);
    }
}
