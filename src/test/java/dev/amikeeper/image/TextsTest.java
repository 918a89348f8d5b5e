package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TextsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\0",
                "\t",
                "\n",
                "\r",
                "\u001b",
                "\u007f", // ASCII's, ESC among them
                "\u0085",
                "\u009b", // those after it: the next line, another ESC [
                "\u200b",
                "\u202e",
                "\u2066",
                "\ufeff", // invisible, or turning the text around
                "\u2028",
                "\u2029", // line and paragraph
                "\ud83d" // half a character
            })
    void showAControlCharacterAsAQuestionMark(String control) {
        assertThat(Texts.plain("a" + control + "b")).isEqualTo("a?b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "web-1", "Größe 😀 名前", "<b onclick=\"x\">&amp;</b>", "%s {} $1 \\n"})
    void leaveEverythingElse(String text) {
        assertThat(Texts.plain(text)).isEqualTo(text);
    }

    @Test
    void leave200Characters() {
        assertThat(Texts.plain("x".repeat(200))).isEqualTo("x".repeat(200));
    }

    @Test
    void cutWhatIsLonger() {
        assertThat(Texts.plain("x".repeat(201))).isEqualTo("x".repeat(200) + "…");
    }

    @Test
    void leaveNoHalfOfACharacterWhereTheyCut() {
        assertThat(Texts.plain("x".repeat(199) + "😀😀")).isEqualTo("x".repeat(199) + "?…");
    }

    @Test
    void quote() {
        assertThat(Texts.quoted("a\nb")).isEqualTo("\"a?b\"");
    }
}
