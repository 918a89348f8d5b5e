package dev.amikeeper.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.CallerKilled;
import dev.amikeeper.sweep.Rebuild.RebuildProgress;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A lost catalogue is made anew from the tags, many records at a time. */
final class RebuildTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final int SERVERS = 120;

    private final TestDeployment given = night();
    private final List<Image> before = given.records(TestDeployment.EAST);

    private static TestDeployment night() {
        TestDeployment given = TestDeployment.nightly("");
        for (int i = 0; i < SERVERS; i++) {
            given.instance("server-" + i);
        }
        given.nights(1);
        return given;
    }

    @Test
    void aTransactionRecordsManyImages() {
        lose();
        int transactions = transactions();
        List<Integer> seen = new ArrayList<>();

        RebuildReport report = rebuild((_, _, done, _) -> seen.add(done));

        assertThat(report.added()).isEqualTo(SERVERS);
        // Three items an image, a hundred a transaction, and one for the schedule's cursor.
        assertThat(transactions() - transactions).isEqualTo(4 + 1);
        assertThat(seen).containsExactly(0, SERVERS);
        assertAllAreBack();
    }

    @Test
    void onlyWhatIsMissingIsRecorded() {
        Image removed = before.get(3);
        Image changed = before.get(50);
        lose();
        rebuild(RebuildProgress.NONE);
        List<Image> known = given.records(TestDeployment.EAST);
        Image buried = known.get(3);
        assertThat(buried.name()).isEqualTo(removed.name());
        given.catalog()
                .bury(buried, new Tombstone(buried, given.cloud.now(), "PruneFunction", "no rule"));

        RebuildReport again = rebuild(RebuildProgress.NONE);

        assertThat(again.added()).isZero();
        assertThat(given.records(TestDeployment.EAST))
                .hasSize(SERVERS - 1)
                .doesNotContain(buried)
                .contains(known.get(50));
        assertThat(known.get(50).name()).isEqualTo(changed.name());
    }

    @Test
    void theNextRunFinishesAnInterruptedOne() {
        lose();
        given.cloud.faults().calls("TransactWriteItems").nth(2).killAfter();
        assertThatThrownBy(() -> rebuild(RebuildProgress.NONE)).isInstanceOf(CallerKilled.class);
        int recorded = given.records(TestDeployment.EAST).size();
        assertThat(recorded).isBetween(1, SERVERS - 1);

        RebuildReport report = rebuild(RebuildProgress.NONE);

        assertThat(report.added()).isEqualTo(SERVERS - recorded);
        assertAllAreBack();
    }

    private void assertAllAreBack() {
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::name)
                .isEqualTo(before.stream().map(Image::name).toList());
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::id)
                .doesNotHaveDuplicates();
    }

    private void lose() {
        given.cloud.tables(TestDeployment.EAST).clearTable("catalogue");
        given.cloud.advance(Duration.ofMinutes(1));
    }

    private RebuildReport rebuild(RebuildProgress progress) {
        return given.deployment
                .application()
                .rebuild(given.cloud.now(), false)
                .run(List.of(EAST), progress);
    }

    private int transactions() {
        return given.cloud.calls().getOrDefault("TransactWriteItems", 0);
    }
}
