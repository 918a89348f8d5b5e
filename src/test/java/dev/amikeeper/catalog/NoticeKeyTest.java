package dev.amikeeper.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.stream.Stream;

/** Keys are stored: their texts are what earlier versions wrote. */
final class NoticeKeyTest {
    private static final Region HOME = new Region("us-east-1");

    @ParameterizedTest
    @EnumSource(Trouble.class)
    void isReadAsItWasMade(Trouble trouble) {
        assertThat(
                        Stream.of(
                                trouble.in(HOME),
                                trouble.in(HOME, "gold/i-1/2026-02-01T02.00.00Z"),
                                trouble.of("gold"),
                                trouble.of("gold", "digest")))
                .allSatisfy(key -> {
                    assertThat(NoticeKey.parse(key.toString())).isEqualTo(key);
                    assertThat(key.trouble()).contains(trouble);
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "a", "a/", "a//b", "later/us-east-1/some/thing", "FAILED/us-east-1"})
    void ofAnotherVersionKeepsItsText(String text) {
        NoticeKey key = NoticeKey.parse(text);

        assertThat(key).hasToString(text);
        assertThat(key.trouble()).isEmpty();
    }

    @Test
    void saysWhatAndWhere() {
        NoticeKey key = Trouble.FAILED.in(HOME, "gold/i-1/2026-02-01T02.00.00Z");

        assertThat(key).hasToString("failed/us-east-1/gold/i-1/2026-02-01T02.00.00Z");
        assertThat(key.is(Trouble.FAILED, HOME)).isTrue();
        assertThat(key.is(Trouble.FAILED, new Region("us-west-2"))).isFalse();
        assertThat(key.what()).contains("gold/i-1/2026-02-01T02.00.00Z");
    }

    @Test
    void ofAPartitionHasItsWholeNameLeft() {
        NoticeKey key = Trouble.UNREADABLE.of("us-east-1/images/gold");

        assertThat(key.rest()).isEqualTo("us-east-1/images/gold");
        assertThat(key.isIn(HOME)).isTrue();
    }
}
