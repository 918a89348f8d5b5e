package dev.amikeeper.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;

/** That people hear of what is wrong, whoever runs; and that it is seen if nobody does. */
final class HearingTest {
    private final TestDeployment given = TestDeployment.nightlyInMemory("");
    private final Announcements announcements = given.deployment.application().announcements();

    @Test
    void aSweepTellsWhatNoTickHasToldAndATickTellsItNoMore() {
        given.catalog().note(notice());
        given.cloud.advance(Duration.ofMinutes(13));

        given.deployment.sweep(given.cloud.now());

        assertThat(given.deployment.sns().published()).hasSize(1);
        assertThat(given.told()).hasSize(1);
    }

    @Test
    void aSweepLeavesToTheTickWhatThatMayStillTell() {
        given.catalog().note(notice());
        given.cloud.advance(Duration.ofMinutes(6));

        given.deployment.sweep(given.cloud.now());

        assertThat(given.deployment.sns().published()).isEmpty();
    }

    @Test
    void thatNobodyListensIsSeen() {
        assertThat(announcements.unheard()).isEmpty();

        given.deployment.sns().subscriptions(0, 0);
        assertThat(announcements.unheard()).get().asString().endsWith("has no subscription");

        given.deployment.sns().subscriptions(0, 2);
        assertThat(announcements.unheard())
                .get()
                .asString()
                .endsWith("has no confirmed subscription, and 2 to be confirmed");

        given.deployment.sns().removeTopics();
        given.catalog().note(notice());
        assertThat(announcements.unheard())
                .get()
                .asString()
                .endsWith("is gone; 1 notice waits since " + TestDeployment.START);
    }

    @Test
    void aTopicThatCannotBeLookedAtIsNotTakenForFine() {
        given.cloud.faults().calls("GetTopicAttributes").deny();

        assertThat(announcements.unheard()).get().asString().contains("it is unknown whether");
    }

    @Test
    void thatTellingFailsIsATroubleUntilItWorks() {
        given.catalog().note(notice());
        given.cloud.faults().calls("Publish").deny();

        announcements.publish();
        assertThat(given.catalog().open()).extracting(Notice::key).contains("untold/topic");

        announcements.publish();
        assertThat(given.catalog().open()).extracting(Notice::key).doesNotContain("untold/topic");
    }

    private static Notice notice() {
        Instant at = TestDeployment.START;
        return new Notice(NoticeKey.parse("a"), at, "something is wrong", "look", true);
    }
}
