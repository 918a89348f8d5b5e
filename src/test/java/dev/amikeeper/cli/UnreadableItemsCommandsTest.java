package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.Application;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.operate.OperateHandler;
import dev.amikeeper.operate.Order;
import dev.amikeeper.operate.OrderResult;
import dev.amikeeper.report.StatusReport;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

/** What the commands say of a catalogue in which something cannot be read. */
final class UnreadableItemsCommandsTest {
    private static final Region EAST = new Region(TestDeployment.EAST);

    private final TestDeployment given = TestDeployment.nightlyInMemory("keep: {last: 2}");
    private final String instance = given.instance("web");

    private Image spoilt() {
        given.nights(2);
        Image bad = given.records(TestDeployment.EAST).getFirst();
        given.edit(
                "123456789012/us-east-1/images/gold",
                bad.name().instance() + "/" + bad.name().slot(),
                "state",
                "ARCHIVED");
        return bad;
    }

    @Test
    void statusAndFailuresNameItAndAreNotFine() {
        spoilt();
        Application app = given.deployment.application();

        StatusReport status = StatusCommand.read(app, Optional.empty());
        FailuresCommand.Failures failures = FailuresCommand.find(app);

        assertThat(status.unreadable()).singleElement().asString().contains("\"ARCHIVED\"");
        assertThat(status.allWell()).isFalse();
        assertThat(failures.unreadable()).singleElement().asString().contains("\"ARCHIVED\"");
    }

    @Test
    void planAndWhyGoOnWithTheOthers() {
        spoilt();
        Application app = given.deployment.application();

        assertThat(PlanCommand.plan(app).plan()).hasSize(1);
        assertThat(new Unreadables(app.catalog()).lines()).hasSize(1);
        assertThat(Explanation.of(app, instance).images()).hasSize(1);
    }

    @Test
    void anOrderAboutItIsRefused() {
        Image bad = spoilt();
        Application app = given.deployment.application();
        Order order = new Order.Deregister(EAST, bad.id().orElseThrow(), false, true, "me");

        assertThat(new OperateHandler(app).carryOut(order, app.clock().instant()))
                .isInstanceOf(OrderResult.Declined.class);
        assertThatThrownBy(() -> app.catalog().find(EAST, bad.name()))
                .isInstanceOf(UnreadableItemException.class);
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
        assertThat(List.copyOf(given.records(TestDeployment.EAST))).hasSize(1);
    }
}
