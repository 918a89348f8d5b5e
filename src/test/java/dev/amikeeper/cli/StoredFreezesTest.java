package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.image.Freeze;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.RecordedCloud;
import dev.amikeeper.local.SimulatedCloud;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The kinds of items that were added after the first fixture was recorded, as the version that is
 * its directory's name wrote them: freezes in both states, an instance that is gone, names of
 * policies, a Region in which there is to be something.
 */
final class StoredFreezesTest {
    private static final String VERSION = "48cb317";
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Region WEST = new Region(TestDeployment.WEST);
    private static final Instant NIGHT = Instant.parse("2026-03-01T02:00:00Z");

    private static final String POLICIES =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *"}
                keep: {last: 2, goneAfter: 90d}
                image: {before: {document: Freeze, timeout: 10m}, after: {document: Thaw}}
            """;

    @Test
    void freezesMeanTheSame() throws IOException {
        List<Freeze> freezes = catalog().freezes(EAST);

        assertThat(freezes)
                .extracting(Freeze::state)
                .containsExactlyInAnyOrder(Freeze.FreezeState.FREEZING, Freeze.FreezeState.THAWING);
        for (Freeze freeze : freezes) {
            boolean thaws = freeze.state() == Freeze.FreezeState.THAWING;
            assertThat(freeze.name().slot().time()).isEqualTo(NIGHT);
            assertThat(freeze.name().policy()).isEqualTo("gold");
            assertThat(freeze.attempt()).isEqualTo(1);
            assertThat(freeze.since()).isEqualTo(NIGHT);
            assertThat(freeze.until()).isEqualTo(NIGHT.plus(Duration.ofMinutes(10)));
            assertThat(freeze.beforeComment())
                    .isEqualTo("amikeeper before gold 2026-03-01T02:00:00Z 1772330400");
            assertThat(freeze.sends()).isEqualTo(thaws ? 1 : 0);
            assertThat(freeze.early()).isEqualTo(thaws);
            assertThat(freeze.after()).isPresent();
        }
    }

    @Test
    void whatIsGoneAndWhatIsRememberedMeansTheSame() throws IOException {
        Catalog catalog = catalog();

        assertThat(catalog.gone(EAST)).containsExactly(Map.entry(new InstanceId("i-0abc"), NIGHT));
        assertThat(catalog.policies()).containsExactlyInAnyOrder("gold", "silver");
        assertThat(catalog.bookmarks().regions()).contains(WEST);
        assertThat(catalog.forget(WEST, NIGHT)).isFalse();
        assertThat(catalog.forget(WEST, NIGHT.plus(Duration.ofDays(3)))).isTrue();
    }

    /** What the recorder writes down. */
    static JsonNode play() {
        TestDeployment given = TestDeployment.inMemory(POLICIES, 1);
        given.deployment.withoutSchedules();
        given.instance("db-1");
        String slow = given.instance("db-2");
        given.cloud.advanceTo(NIGHT);
        given.cloud
                .faults()
                .events("EC2 Command Invocation Status-change Notification")
                .times(100)
                .lose();
        given.deployment.tick(NIGHT);
        Catalog catalog = given.catalog();
        catalog.freezes(EAST).stream()
                .filter(freeze -> freeze.name().instance().value().equals(slow))
                .forEach(freeze -> catalog.save(freeze, freeze.thawing(true, given.cloud.now())));
        catalog.gone(EAST, new InstanceId("i-0abc"), NIGHT);
        catalog.remember("gold");
        catalog.remember("silver");
        catalog.remember(WEST, NIGHT.plus(Duration.ofDays(2)));
        return RecordedCloud.items(
                given.cloud,
                TestDeployment.EAST,
                given.deployment.application().settings().table());
    }

    private static Catalog catalog() throws IOException {
        JsonNode items =
                JsonMapper.builder().build().readTree(StoredItemsTest.text(VERSION, "items.json"));
        SimulatedCloud cloud = new SimulatedCloud(NIGHT, 1);
        RecordedCloud.put(items, cloud, TestDeployment.EAST, "catalogue");
        return LocalDeployment.inMemory(cloud, EAST, StoredScene.read(POLICIES))
                .application()
                .catalog();
    }
}
