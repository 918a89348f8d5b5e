package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.ADOPTED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.GONE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNCOPIED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNSHARED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNSWEPT;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;

/** Many gaps of one kind are closed together, and none keeps the others waiting. */
final class ManyGapsTest {
    private static final int SERVERS = 70;

    @Test
    void manyImagesThatSomebodyDeregisteredAreBuriedTogether() {
        TestDeployment given = night("", SERVERS);
        given.cloud.faults().events("EC2 AMI State Change").times(SERVERS).lose();
        given.images(TestDeployment.EAST)
                .forEach(image ->
                        given.ec2(TestDeployment.EAST)
                                .deregisterImage(it -> it.imageId(image.image().imageId())));
        given.cloud.advance(Duration.ofHours(1));
        int looks = calls(given, "DescribeImages");
        int transactions = calls(given, "TransactWriteItems");

        assertThat(sweep(given).count(GONE)).isEqualTo(SERVERS);

        // Each is looked at once, after one listing; three items each are written.
        assertThat(calls(given, "DescribeImages") - looks).isEqualTo(1 + SERVERS);
        assertThat(calls(given, "TransactWriteItems") - transactions).isEqualTo(3);
        assertThat(given.records(TestDeployment.EAST)).isEmpty();
        assertThat(given.catalog().removed("gold", new Region(TestDeployment.EAST)))
                .hasSize(SERVERS)
                .extracting(Tombstone::by)
                .containsOnly("somebody else");
    }

    @Test
    void manyUnknownImagesAreAdoptedTogether() {
        TestDeployment given = night("", SERVERS);
        given.cloud.tables(TestDeployment.EAST).clearTable("catalogue");
        given.cloud.advance(Duration.ofMinutes(1));
        given.deployment.tick(given.cloud.now());
        int transactions = calls(given, "TransactWriteItems");

        assertThat(sweep(given).count(ADOPTED)).isEqualTo(SERVERS);

        assertThat(calls(given, "TransactWriteItems") - transactions).isEqualTo(3);
        assertThat(given.records(TestDeployment.EAST)).hasSize(SERVERS).allMatch(Image::isGood);
    }

    @Test
    void manyCopiesAreRequestedTogether() {
        TestDeployment alone = night("", SERVERS);
        TestDeployment given = alone.redeployed(policies("replicate: {us-west-2: {}}"));
        given.deployment.withoutSchedules();
        int transactions = calls(given, "TransactWriteItems");

        assertThat(sweep(given).count(UNCOPIED)).isEqualTo(SERVERS);

        assertThat(given.records(TestDeployment.WEST)).hasSize(SERVERS);
        assertThat(calls(given, "TransactWriteItems") - transactions).isPositive();
    }

    /** EC2 allows 100 changes of permissions at once and 5 a second. */
    @Test
    void whatEc2PacesDoesNotTakeAllTheTime() {
        int servers = 450;
        TestDeployment alone = night("", servers);
        alone.cloud.settings().throttling(true);
        TestDeployment given = alone.redeployed(policies("share: {accounts: [\"111122223333\"]}"));
        given.deployment.withoutSchedules();
        Instant began = given.cloud.now();

        SweepReport first = sweep(given);

        assertThat(first.count(UNSHARED)).isBetween(300, servers - 1);
        assertThat(first.count(UNSWEPT)).isEqualTo(1);
        assertThat(given.catalog().lastSweep().stopped()).isEmpty();
        assertThat(Duration.between(began, given.cloud.now())).isLessThan(Duration.ofMinutes(2));
        given.cloud.advance(Drift.EVERY);
        assertThat(sweep(given).count(UNSHARED)).isEqualTo(servers - first.count(UNSHARED));
        assertThat(given.records(TestDeployment.EAST)).allMatch(Image::shared);
        given.cloud.advance(Drift.EVERY);
        assertThat(sweep(given).count(UNSHARED)).isZero();
    }

    @Test
    void eachSweepBeginsElsewhereAmongGapsOfAKind() {
        TestDeployment given = night("", 3);
        List<Gap> gaps =
                given.records(TestDeployment.EAST).stream().<Gap>map(Gap.Unfinished::new).toList();

        List<List<List<Gap>>> sweeps =
                IntStream.range(0, 4)
                        .mapToObj(i ->
                                GapSlices.of(gaps, Instant.EPOCH.plus(Drift.EVERY.multipliedBy(i))))
                        .toList();

        assertThat(sweeps.get(0)).isEqualTo(gaps.stream().map(List::of).toList());
        assertThat(sweeps.get(1).getFirst()).containsExactly(gaps.get(1));
        assertThat(sweeps.get(2).getFirst()).containsExactly(gaps.get(2));
        assertThat(sweeps.get(3)).isEqualTo(sweeps.get(0));
    }

    private static TestDeployment night(String more, int servers) {
        TestDeployment given = new TestDeployment(policies(more));
        for (int i = 0; i < servers; i++) {
            given.instance("server-" + i);
        }
        given.nights(1);
        return given;
    }

    private static String policies(String more) {
        return """
        policies:
          gold:
            select: {tags: {backup: gold}}
            schedule: {cron: "0 2 1 * *"}
        """
                + more.indent(4);
    }

    private static SweepReport sweep(TestDeployment given) {
        return given.deployment.sweep(given.cloud.now());
    }

    private static int calls(TestDeployment given, String action) {
        return given.cloud.calls().getOrDefault(action, 0);
    }
}
