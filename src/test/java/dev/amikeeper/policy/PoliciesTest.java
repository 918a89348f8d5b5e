package dev.amikeeper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Stored;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Policy.Imaging;
import dev.amikeeper.policy.Policy.Limits;
import dev.amikeeper.policy.Policy.Replica;
import dev.amikeeper.policy.Policy.Retire;
import dev.amikeeper.policy.Policy.ShareRules;
import dev.amikeeper.policy.Policy.StoreRules;
import dev.amikeeper.policy.Policy.UserData;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

final class PoliciesTest {
    private static final Region HOME = new Region("us-east-1");
    private static final Region WEST = new Region("us-west-2");
    private static final Region IRELAND = new Region("eu-west-1");
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    private static final String EVERYTHING =
            """
            policies:
              gold:                                   # [a-z][a-z0-9-]{0,39}
                select:
                  tags: {backup: [gold, platinum]}    # every key must match; any of its values
                  except: {environment: sandbox}      # a match here always wins
                  states: [running, stopped]          # default
                  regions: [us-east-1]                # default: the home Region
                schedule: {cron: "0 2 * * *", zone: Europe/Berlin}   # or {every: 6h}
                on: [stopped, tagged, requested]      # default: tagged, requested
                image: {reboot: false, excludeDevices: [/dev/sdx], copyTags: ["*"]}
                keep: {last: 3, daily: 14, weekly: 8, monthly: 12, yearly: 2, within: 48h, atLeast: 2}
                replicate:
                  us-west-2: {kmsKey: alias/dr, keep: {daily: 7, monthly: 3, atLeast: 1}}
                  eu-west-1: {}                       # same keep as home
                share: {accounts: ["111122223333"], organizations: [], organizationalUnits: []}
                retire: {deprecateAfter: 7d, disableFor: 3d}
                limits: {maxRemovePercent: 25, maxRemoveCount: 200}
            """;

    private static final String LEAST = "policies: {gold: {select: {tags: {backup: gold}}}}";

    @Test
    void hintsAtACronWhoseTwoDaysDoNotMeanBoth() {
        Policies policies =
                Policies.parse(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 1-7 * SUN"}
                          silver:
                            select: {tags: {backup: silver}}
                            schedule: {cron: "0 2 1,15 * MON-WED"}
                          bronze:
                            select: {tags: {backup: bronze}}
                            schedule: {cron: "0 2 */2 * *"}
                        """,
                        "policies.yaml",
                        new Region("us-east-1"),
                        Set.of(new Region("us-east-1")));

        assertThat(policies.hints())
                .containsExactly(
                        "policies.yaml:4:22 policies.gold.schedule.cron: \"0 2 1-7 * SUN\" fires on"
                            + " the days 1-7 of a month and also on every SUN, as in cron; for the"
                            + " first SUN of a month write \"0 2 * * SUN#1\"",
                        "policies.yaml:7:22 policies.silver.schedule.cron: \"0 2 1,15 * MON-WED\""
                            + " fires on the days 1,15 of a month and also on every MON-WED, as in"
                            + " cron; write * for one of them if you mean only the other");
    }

    @Test
    void readsEverythingThatAPolicyCanSay() {
        Policy gold = only(EVERYTHING);

        assertThat(gold.name()).isEqualTo("gold");
        assertThat(gold.select())
                .isEqualTo(
                        new Selector(
                                Map.of("backup", List.of("gold", "platinum")),
                                Map.of("environment", List.of("sandbox")),
                                Set.of("running", "stopped"),
                                List.of(HOME)));
        assertThat(gold.on())
                .containsExactlyInAnyOrder(Trigger.STOPPED, Trigger.TAGGED, Trigger.REQUESTED);
        assertThat(gold.image())
                .isEqualTo(
                        new Imaging(
                                false,
                                List.of("/dev/sdx"),
                                Map.of(),
                                List.of("*"),
                                UserData.HASH,
                                Optional.empty()));
        assertThat(gold.keep())
                .contains(
                        new Keep(
                                3,
                                Map.of(
                                        Period.DAILY,
                                        14,
                                        Period.WEEKLY,
                                        8,
                                        Period.MONTHLY,
                                        12,
                                        Period.YEARLY,
                                        2),
                                Optional.of(Duration.ofDays(2)),
                                2,
                                BERLIN,
                                Optional.empty()));
        assertThat(gold.replicate())
                .isEqualTo(
                        Map.of(
                                WEST,
                                new Replica(
                                        Optional.of("alias/dr"),
                                        Optional.of(
                                                new Keep(
                                                        0,
                                                        Map.of(Period.DAILY, 7, Period.MONTHLY, 3),
                                                        Optional.empty(),
                                                        1,
                                                        BERLIN,
                                                        Optional.empty()))),
                                IRELAND,
                                new Replica(Optional.empty(), Optional.empty())));
        assertThat(gold.share())
                .isEqualTo(new ShareRules(List.of("111122223333"), List.of(), List.of(), false));
        assertThat(gold.retire())
                .isEqualTo(
                        new Retire(
                                Optional.of(Duration.ofDays(7)), Optional.of(Duration.ofDays(3))));
        assertThat(gold.limits()).isEqualTo(new Limits(Optional.of(25), Optional.of(200)));
    }

    @Test
    void readsTheScheduleInItsZone() {
        assertThat(
                        only(EVERYTHING)
                                .schedule()
                                .orElseThrow()
                                .slots(
                                        Instant.parse("2026-03-01T00:00:00Z"),
                                        Instant.parse("2026-03-02T00:00:00Z")))
                .containsExactly(new Slot(Instant.parse("2026-03-01T01:00:00Z")));
    }

    @Test
    void readsWhetherTheNewestAreProtected() {
        assertThat(only(policy("protect: true")).protect()).isTrue();
    }

    @Test
    void storesGoodHomeImagesOnceTheyAreOldEnough() {
        Policy gold = only(policy("store: {bucket: \"archive-{region}\", after: 30d}"));
        Image image = home().available(false, Instant.EPOCH);
        Instant then = Instant.EPOCH.plus(Duration.ofDays(30));
        Stored once = Stored.waiting(new S3Object("archive", "ami-1.bin"), Instant.EPOCH);

        assertThat(gold.store()).contains(new StoreRules("archive-{region}", Duration.ofDays(30)));
        assertThat(gold.bucketFor(image, then)).contains("archive-us-east-1");
        assertThat(gold.bucketFor(image, then.minusSeconds(1))).isEmpty();
        assertThat(gold.bucketFor(home(), then)).isEmpty();
        assertThat(gold.bucketFor(image.disabledByOthers(true), then)).isEmpty();
        assertThat(gold.bucketFor(image.inS3(Optional.of(once)), then)).isEmpty();
        assertThat(gold.bucketFor(copyIn(WEST).available(false, then), then)).isEmpty();
        assertThat(only(LEAST).bucketFor(image, then)).isEmpty();
    }

    @Test
    void fillsInTheDefaults() {
        assertThat(only(LEAST))
                .isEqualTo(
                        new Policy(
                                "gold",
                                new Selector(
                                        Map.of("backup", List.of("gold")),
                                        Map.of(),
                                        Set.of("running", "stopped"),
                                        List.of(HOME)),
                                Optional.empty(),
                                Set.of(Trigger.TAGGED, Trigger.REQUESTED),
                                new Imaging(
                                        false,
                                        List.of(),
                                        Map.of(),
                                        List.of("*"),
                                        UserData.HASH,
                                        Optional.empty()),
                                Optional.empty(),
                                Map.of(),
                                ShareRules.NOBODY,
                                new Retire(Optional.empty(), Optional.empty()),
                                false,
                                new Limits(Optional.empty(), Optional.empty()),
                                Optional.empty(),
                                Optional.empty(),
                                false,
                                List.of()));
    }

    @Test
    void keepsOneGoodImageAtLeastInUtcUnlessToldOtherwise() {
        assertThat(only(policy("keep: {daily: 7}")).keep())
                .contains(
                        new Keep(
                                0,
                                Map.of(Period.DAILY, 7),
                                Optional.empty(),
                                1,
                                ZoneOffset.UTC,
                                Optional.empty()));
    }

    @Test
    void takesAReplicaWithNothingBelowItForOneWithTheDefaults() {
        assertThat(only(policy("replicate:\n  us-west-2:")).replicate())
                .isEqualTo(Map.of(WEST, new Replica(Optional.empty(), Optional.empty())));
    }

    @Test
    void keepsAReplicaAsAtHomeUnlessItSaysOtherwise() {
        Policy gold = only(EVERYTHING);

        assertThat(gold.keepFor(copyIn(IRELAND))).isEqualTo(gold.keep());
        assertThat(gold.keepFor(copyIn(WEST)).orElseThrow().count(Period.DAILY)).isEqualTo(7);
        assertThat(gold.keepFor(copyIn(new Region("eu-north-1")))).isEmpty();
        assertThat(gold.keepFor(home())).isEqualTo(gold.keep());
    }

    @Test
    void takesNumbersAndBooleansForTheTextThatIsWritten() {
        Policy gold =
                only(
                        """
                        policies:
                          gold:
                            select: {tags: {on: true, level: 007, ratio: 1.50, none: "null"}}
                            share: {accounts: [012345678901, 111122223333]}
                        """);

        assertThat(gold.select().tags())
                .isEqualTo(
                        Map.of(
                                "on", List.of("true"),
                                "level", List.of("007"),
                                "ratio", List.of("1.50"),
                                "none", List.of("null")));
        assertThat(gold.share().accounts()).containsExactly("012345678901", "111122223333");
    }

    @Test
    void takesOneTextForAListOfOne() {
        assertThat(only(policy("on: stopped")).on()).containsExactly(Trigger.STOPPED);
    }

    @Test
    void letsAScheduleStandWithoutEvents() {
        assertThat(only(policy("on: []\nschedule: {every: 6h}")).on()).isEmpty();
    }

    @Test
    void understandsAnchors() {
        List<Policy> policies =
                parse(
                                """
                                policies:
                                  gold:
                                    select: {tags: {backup: gold}}
                                    keep: &standard {daily: 7}
                                  silver:
                                    select: {tags: {backup: silver}}
                                    keep: *standard
                                """)
                        .all();

        assertThat(policies.getLast().keep()).isEqualTo(policies.getFirst().keep());
    }

    @Test
    void keepsTheOrderOfTheFile() {
        String some = ": {select: {tags: {backup: gold}}}\n  ";

        assertThat(parse("policies:\n  z" + some + "a" + some + "m" + some).all())
                .extracting(Policy::name)
                .containsExactly("z", "a", "m");
    }

    @Test
    void replicatesBetweenTwoHomeRegions() {
        Policy gold =
                only(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}, regions: [us-east-1, us-west-2]}
                            replicate: {us-east-1: {}, us-west-2: {}}
                        """);

        assertThat(gold.destinations(HOME)).containsExactly(WEST);
        assertThat(gold.destinations(WEST)).containsExactly(HOME);
    }

    @Test
    void shipsPoliciesThatAreSensibleOnTheDayOfDeployment() throws IOException {
        try (InputStream file = Policies.class.getResourceAsStream("/policies.yaml")) {
            assertThat(file).isNotNull();
            Policies policies = parse(new String(file.readAllBytes(), StandardCharsets.UTF_8));

            assertThat(policies.all()).extracting(Policy::name).containsExactly("gold", "silver");
            assertThat(policies.regions()).containsExactly(HOME);
            assertThat(policies.all())
                    .allSatisfy(policy -> {
                        assertThat(policy.schedule()).isPresent();
                        assertThat(policy.keep()).isPresent();
                        assertThat(policy.limits().maxRemovePercent()).isPresent();
                        assertThat(policy.retire())
                                .isEqualTo(new Retire(Optional.empty(), Optional.empty()));
                    });
        }
    }

    @Test
    void shipsExamplesInCommentsThatWorkOnceUncommented() throws IOException {
        try (InputStream file = Policies.class.getResourceAsStream("/policies.yaml")) {
            assertThat(file).isNotNull();
            String yaml = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            Policy gold =
                    parse(yaml.replaceAll("(?m)^( +)# ( *[a-zA-Z0-9-]+:)", "$1$2"))
                            .all()
                            .getFirst();

            assertThat(gold.destinations(HOME)).containsExactly(IRELAND, WEST);
            assertThat(gold.select().except()).containsKey("environment");
            assertThat(gold.share().accounts()).hasSize(1);
            assertThat(gold.retire().deprecateAfter()).isPresent();
            assertThat(gold.image().excludeDevices()).hasSize(1);
            assertThat(gold.drill()).isPresent();
            assertThat(gold.store()).isPresent();
        }
    }

    @Test
    void readsFilesOfWindowsEditors() {
        assertThat(only("\uFEFF" + LEAST.replace("{gold", "\r\n  {gold")).name()).isEqualTo("gold");
    }

    private static String policy(String keys) {
        return "policies:\n  gold:\n    select: {tags: {backup: gold}}\n" + keys.indent(4);
    }

    private static Policy only(String yaml) {
        Policies policies = parse(yaml);
        assertThat(policies.all()).hasSize(1);
        return policies.all().getFirst();
    }

    private static Policies parse(String yaml) {
        return Policies.parse(yaml, "policies.yaml", HOME, Set.of(HOME, WEST, IRELAND));
    }

    private static Image home() {
        ImageName name = new ImageName("gold", new InstanceId("i-1"), new Slot(Instant.EPOCH));
        return Image.intent(name, new Region("us-east-1"), Trigger.SCHEDULED, Instant.EPOCH)
                .started(new ImageId("ami-1"), 1, Instant.EPOCH);
    }

    private static Image copyIn(Region region) {
        return home().copyTo(region, Instant.EPOCH);
    }
}
