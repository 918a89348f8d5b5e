package dev.amikeeper.alerts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.local.CallerKilled;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

final class AnnouncementsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:05Z");

    @Test
    void aSingleNoticeIsTheSubject() {
        assertThat(subject(List.of(notice("us-east-1: there is no image"))))
                .isEqualTo("AMI Keeper: us-east-1: there is no image");
    }

    @Test
    void severalNoticesAreCountedInTheSubject() {
        assertThat(subject(Collections.nCopies(3, notice("it failed"))))
                .isEqualTo("AMI Keeper: 3 things need you");
    }

    @Test
    void theSubjectIsAsciiOnOneLine() {
        assertThat(subject(List.of(notice("Größe\r\n<b>\u001b\u007f…"))))
                .isEqualTo("AMI Keeper: Gr??e??<b>???");
    }

    @Test
    void theSubjectIsShorterThan100Characters() {
        String prefix = "AMI Keeper: ";

        assertThat(subject(List.of(notice("x".repeat(87)))))
                .isEqualTo(prefix + "x".repeat(87))
                .hasSize(99);
        assertThat(subject(List.of(notice("x".repeat(88)))))
                .isEqualTo(prefix + "x".repeat(84) + "...")
                .hasSize(99);
    }

    @Test
    void theTextTellsWhatHappenedAndWhatToDo() {
        assertThat(text(List.of(notice("first"), notice("second"))))
                .isEqualTo(
                        """
                        first
                            Since 2026-03-01T02:00:05Z
                            What to do: look

                        second
                            Since 2026-03-01T02:00:05Z
                            What to do: look

                        """);
    }

    @Test
    void theTextTellsWhatWasTriedWhatMerelyHappenedAndWhatIsOver() {
        assertThat(
                        text(
                                List.of(
                                        notice("there is no image").tried("3 tries"),
                                        Notice.event(
                                                NoticeKey.parse("key"),
                                                NOW,
                                                "2 slots were missed",
                                                "look"),
                                        over("it failed"))))
                .isEqualTo(
                        """
                        there is no image
                            Since 2026-03-01T02:00:05Z
                            Tried: 3 tries
                            What to do: look

                        2 slots were missed
                            At 2026-03-01T02:00:05Z
                            What to do: look

                        resolved: it failed
                            From 2026-03-01T02:00:05Z to 2026-03-01T03:00:05Z

                        """);
    }

    @Test
    void theSubjectTellsWhatIsOver() {
        Notice open = notice("it failed");

        assertThat(subject(List.of(over("it failed"))))
                .isEqualTo("AMI Keeper: resolved: it failed");
        assertThat(subject(List.of(open, over("x"), over("y"))))
                .isEqualTo("AMI Keeper: 1 thing needs you, 2 resolved");
        assertThat(subject(List.of(over("x"), over("y")))).isEqualTo("AMI Keeper: 2 resolved");
    }

    @Test
    void theTextOfAFullMessageIsWithinWhatSnsTakes() {
        String endless = "界".repeat(100_000);
        Notice longest =
                new Notice(NoticeKey.parse("key"), NOW, endless, endless, true).tried(endless);

        assertThat(text(Collections.nCopies(40, longest)).getBytes(StandardCharsets.UTF_8))
                .hasSizeLessThan(256 * 1024);
    }

    @Test
    void theEndIsToldOfWhatWasToldThoughTheReplyWasLost() {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        Notice trouble = notice("it failed");
        given.catalog().note(trouble);
        given.cloud.faults().calls("Publish").loseReply();
        assertThat(given.told()).containsExactly(text(List.of(trouble)));

        given.catalog().resolve(trouble.about(), NOW.plusSeconds(3600));

        assertThat(given.told())
                .containsExactly(text(List.of(trouble)), text(List.of(over("it failed"))));
    }

    @Test
    void theNewBeginningIsToldThoughTheReplyToTheEndWasLost() {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        Notice trouble = notice("it failed");
        Notice again =
                new Notice(
                        NoticeKey.parse("key"), NOW.plusSeconds(7200), "it failed", "look", true);
        given.catalog().note(trouble);
        given.told();
        given.catalog().resolve(trouble.about(), NOW.plusSeconds(3600));
        given.cloud.faults().calls("Publish").loseReply();
        given.told();

        given.catalog().note(again);

        assertThat(given.told())
                .containsExactly(
                        text(List.of(trouble)),
                        text(List.of(over("it failed"))),
                        text(List.of(again)));
    }

    @Test
    void whatSnsRefusedIsToldByTheNextTickAndOnce() {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        Notice trouble = notice("it failed");
        given.catalog().note(trouble);
        given.cloud.faults().calls("Publish").throttle();
        assertThat(given.told()).isEmpty();

        assertThat(given.told()).containsExactly(text(List.of(trouble)));
        assertThat(given.told()).hasSize(1);
    }

    @Test
    void whatIsOverBeforeAnybodySetOutToTellItIsNotTold() {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        Notice trouble = notice("it failed");
        given.catalog().note(trouble);
        given.cloud.faults().calls("TransactWriteItems").killBefore();
        assertThatThrownBy(given::told).isInstanceOf(CallerKilled.class);

        given.catalog().resolve(trouble.about(), NOW.plusSeconds(3600));

        assertThat(given.told()).isEmpty();
    }

    private static String subject(List<Notice> notices) {
        return Announcements.subject(
                notices.stream().map(notice -> new Bundle(List.of(notice), 0)).toList());
    }

    private static String text(List<Notice> notices) {
        return Announcements.text(
                notices.stream().map(notice -> new Bundle(List.of(notice), 0)).toList());
    }

    private static Notice over(String text) {
        return notice(text).resolved(NOW.plusSeconds(3600));
    }

    private static Notice notice(String text) {
        return new Notice(NoticeKey.parse("key"), NOW, text, "look", true);
    }
}
