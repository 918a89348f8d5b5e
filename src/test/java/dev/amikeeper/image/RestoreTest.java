package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Restore.RestoreKind;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Optional;

final class RestoreTest {
    private static final String DRILL = "gold/i-0abc/drill-20513";
    private static final String RESTORE = "gold/i-0abc/restore-0123456789ab";

    private static Optional<RestoreKind> launched(String tag, String clientToken) {
        return Restore.launchedAs(Map.of("amikeeper:restore", tag), Optional.of(clientToken));
    }

    @Test
    void theClientTokenTellsWhatAnInstanceWasLaunchedFor() {
        assertThat(launched(DRILL, Sha256.of(DRILL + "/1"))).contains(RestoreKind.DRILL);
        assertThat(launched(DRILL + "/2", Sha256.of(DRILL + "/2"))).contains(RestoreKind.DRILL);
        assertThat(launched(RESTORE, Sha256.of(RESTORE + "/1"))).contains(RestoreKind.LAUNCH);
        assertThat(launched(RESTORE + "/3", Sha256.of(RESTORE + "/3")))
                .contains(RestoreKind.LAUNCH);
    }

    @Test
    void aTagWithoutItsClientTokenProvesNothing() {
        assertThat(Restore.launchedAs(Map.of("amikeeper:restore", DRILL), Optional.empty()))
                .isEmpty();
        assertThat(Restore.launchedAs(Map.of(), Optional.of(Sha256.of(DRILL + "/1")))).isEmpty();
        assertThat(launched(DRILL, "")).isEmpty();
        assertThat(launched(DRILL, Sha256.of(DRILL))).isEmpty();
        assertThat(launched(DRILL, Sha256.of(DRILL + "/2"))).isEmpty();
        assertThat(launched(DRILL, Sha256.of(RESTORE + "/1"))).isEmpty();
        assertThat(launched(RESTORE, Sha256.of(DRILL + "/1"))).isEmpty();
        assertThat(launched("drill-1", Sha256.of("drill-1/1"))).isEmpty();
    }
}
