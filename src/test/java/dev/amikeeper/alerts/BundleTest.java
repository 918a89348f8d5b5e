package dev.amikeeper.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

final class BundleTest {
    private static final Instant NOW = Instant.parse("2026-03-01T02:10:00Z");

    private final List<Notice> untold = new ArrayList<>();
    private final List<Notice> open = new ArrayList<>();

    @Test
    void whatFailedForOneCauseIsToldAsOneWithItsNumberAndSomeExamples() {
        for (int i = 1; i <= 40; i++) {
            met(failed(i, "InvalidParameterCombination: no such thing of i-" + i));
        }

        List<Bundle> due = due(NOW);

        assertThat(due).hasSize(1);
        assertThat(Announcements.subject(due))
                .startsWith("AMI Keeper: 40 times us-east-1: there is no image gold/i-1/");
        assertThat(Announcements.text(due))
                .startsWith("us-east-1: there is no image gold/i-1/2026-03-01T02.00.00Z: Invalid")
                .contains(
                        "Since 2026-03-01T02:10:00Z",
                        "What to do: mend it",
                        "The same for 39 more, as gold/i-10/2026-03-01T02.00.00Z, gold/i-11/",
                        "./keeper failures lists all that are open")
                .doesNotContain("i-17/");
    }

    @Test
    void eachCauseAndEachRegionIsToldApart() {
        met(failed(1, "NoSuchThing"));
        met(failed(2, "Another"));
        met(notice("failed/us-west-2/" + name(3), text("us-west-2", 3, "NoSuchThing")));
        met(notice("pending/us-east-1/" + name(1), text("us-east-1", 1, "NoSuchThing")));

        assertThat(due(NOW)).hasSize(4);
    }

    @Test
    void whatAPersonMustLookAtOneByOneIsToldAlone() {
        met(notice("no-root/us-east-1/a", "us-east-1: i-1 has no root volume"));
        met(notice("no-root/us-east-1/b", "us-east-1: i-2 has no root volume"));

        assertThat(due(NOW)).hasSize(2);
    }

    /** People know the cause; what they hear again is that it grows. */
    @Test
    void ofAKnownCausePeopleHearAgainWhenAsManyMoreAreMet() {
        for (int i = 1; i <= 3; i++) {
            open.add(failed(i, "NoSuchThing"));
        }
        met(failed(4, "NoSuchThing"));
        met(failed(5, "NoSuchThing"));
        assertThat(due(NOW)).isEmpty();

        met(failed(6, "NoSuchThing"));

        assertThat(due(NOW)).singleElement().extracting(it -> it.notices().size()).isEqualTo(3);
        assertThat(Announcements.text(due(NOW)))
                .contains(
                        "The same for 2 more: gold/i-5/2026-03-01T02.00.00Z, gold/i-6/",
                        "3 of this kind were told before");
    }

    @Test
    void ofAKnownCausePeopleHearAgainAfterADay() {
        open.add(failed(1, "NoSuchThing"));
        open.add(failed(2, "NoSuchThing"));
        met(failed(3, "NoSuchThing"));

        assertThat(due(NOW.plus(Duration.ofHours(23)))).isEmpty();
        assertThat(due(NOW.plus(Duration.ofHours(24)))).hasSize(1);
    }

    @Test
    void whatNobodyIsToldMakesNoCauseKnown() {
        Notice quiet =
                new Notice(
                        NoticeKey.parse("failed/us-east-1/" + name(1)),
                        NOW,
                        text("us-east-1", 1, "x"),
                        "",
                        false);
        open.add(quiet);
        open.add(
                new Notice(
                        NoticeKey.parse("failed/us-east-1/" + name(2)),
                        NOW,
                        text("us-east-1", 2, "x"),
                        "",
                        false));
        met(failed(3, "x"));

        assertThat(due(NOW)).hasSize(1);
    }

    @Test
    void theEndIsToldWhenNothingOfItIsLeft() {
        open.add(failed(1, "NoSuchThing"));
        untold.add(failed(2, "NoSuchThing").resolved(NOW));
        untold.add(failed(3, "NoSuchThing").resolved(NOW));
        assertThat(due(NOW)).isEmpty();

        open.clear();
        untold.add(failed(1, "NoSuchThing").resolved(NOW));

        assertThat(due(NOW)).singleElement().matches(Bundle::isOver);
        assertThat(Announcements.text(due(NOW)))
                .startsWith("resolved: us-east-1: there is no image gold/i-1/")
                .contains("The same for 2 more: gold/i-2/");
    }

    @ParameterizedTest
    @CsvSource({
        "pending/us-east-1/gold/i-%d/s, us-east-1: image gold/i-%d/2026-03-01T02.00.00Z is pending"
                + " since 2026-03-0%dT02:00:10Z",
        "litter/us-east-1/ami-%d, 'us-east-1: the failed image ami-%d or its snapshots could not be"
                + " removed: Denied: ami-%d'",
        "refused/us-east-1/gold/i-%d/s, us-east-1: image gold/i-%d/2026-03-01T02.00.00Z could not"
                + " be removed: no permission for snapshot/snap-%d",
        "upkeep/us-east-1/gold/i-%d/s, us-east-1: image gold/i-%d/2026-03-01T02.00.00Z could not be"
                + " protected: no %d",
        "beyond/us-east-1/gold/i-%d/s, 'us-east-1: image gold/i-%d/2026-03-0%dT02.00.00Z is shared"
                + " beyond its policy, with 111122223333'",
        "drill/us-east-1/gold/i-%d, us-east-1: the drill of i-%d from ami-%d (2026-03-01T02:00:00Z)"
                + " failed: Client.InternalError",
        "public/us-east-1/ami-%d, us-east-1: image ami-%d gold/i-%d/2026-03-01T02.00.00Z is public"
    })
    void eachKindWithANoticePerImageIsToldAsOne(String key, String text) {
        String same = text.replace("no %d", "no permission");
        for (int i = 1; i <= 3; i++) {
            met(notice(key.formatted(i), same.formatted(i, i)));
        }

        assertThat(due(NOW)).hasSize(1);
    }

    /** A Region of twenty images that fail at once is one mail, and one more when it is over. */
    @Test
    void aNightOfFailuresIsOneMessageAndOneMoreForItsEnd() {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        for (int i = 0; i < 20; i++) {
            given.instance("web-" + i);
        }
        given.cloud.settings().failing(_ -> true);
        given.playUntil("2026-03-01T12:00:00Z");
        assertThat(given.catalog().open()).hasSize(20);
        assertThat(given.told()).hasSizeLessThanOrEqualTo(5);
        int before = given.told().size();

        given.cloud.settings().failing(_ -> false);
        given.playUntil("2026-03-02T12:00:00Z");

        assertThat(given.catalog().open()).isEmpty();
        assertThat(given.told()).hasSizeLessThanOrEqualTo(before + 2);
    }

    private List<Bundle> due(Instant now) {
        List<Notice> all = new ArrayList<>(open);
        untold.stream().filter(Notice::isOpen).forEach(all::add);
        return Bundle.due(untold, all, now);
    }

    private void met(Notice notice) {
        untold.add(notice);
    }

    private static Notice failed(int i, String why) {
        return notice("failed/us-east-1/" + name(i), text("us-east-1", i, why));
    }

    private static String text(String region, int i, String why) {
        return region + ": there is no image " + name(i) + ": " + why;
    }

    private static String name(int i) {
        return "gold/i-" + i + "/2026-03-01T02.00.00Z";
    }

    private static Notice notice(String key, String text) {
        return new Notice(NoticeKey.parse(key), NOW, text, "mend it", true);
    }
}
