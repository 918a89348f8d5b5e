package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Application;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.ec2.ImageDoors;
import dev.amikeeper.ec2.Pace;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageState;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** What is read for a plan, and what people are told of it. */
final class PlannerTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Instant DAY_4 = Instant.parse("2026-03-04T04:00:00Z");
    private static final String SHARED = "\nshare: {accounts: [\"111122223333\"]}";

    private final List<Notice> told = new ArrayList<>();

    @Test
    void whatEc2StillShowsOfADeregisteredImageDoesNotCount() {
        TestDeployment given = threeDays("keep: {last: 1}");
        Application late = listing(given, PlannerTest::firstIsDeregistered);

        assertThat(planner(late).listed()).containsEntry(EAST, 2);
    }

    @Test
    void anImageThatIsOnTwoPagesCountsOnce() {
        TestDeployment given = threeDays("keep: {last: 1}");
        Application twice = listing(given, PlannerTest::firstComesAgain);

        assertThat(planner(twice).listed()).containsEntry(EAST, 3);
    }

    @Test
    void aProbeOfSingleImagesThatIsDeniedIsTold() {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.cloud.faults().calls("DescribeImageReferences").times(9).deny();

        assertThat(stepsOf(given)).isZero();
        assertThat(told)
                .singleElement()
                .satisfies(notice -> {
                    assertThat(notice.key()).isEqualTo("blind/us-east-1/references");
                    assertThat(notice.text()).contains("ec2:DescribeImageReferences");
                });
    }

    @Test
    void reportsOnUseByOthersThatAreDeniedAreToldOnce() {
        TestDeployment given = threeDays("keep: {last: 1}" + SHARED);
        given.cloud.faults().calls("DescribeImageUsageReports").times(9).deny();

        assertThat(stepsOf(given)).isZero();
        assertThat(told)
                .singleElement()
                .satisfies(notice -> {
                    assertThat(notice.key()).isEqualTo("blind/us-east-1/other accounts");
                    assertThat(notice.text()).contains("ec2:DescribeImageUsageReports");
                });
    }

    @Test
    void aReportThatIsOnItsWayIsNoNews() {
        TestDeployment given = threeDays("keep: {last: 1}" + SHARED);

        assertThat(stepsOf(given)).isZero();
        assertThat(told).isEmpty();
    }

    @Test
    void launchPermissionsThatAreDeniedAreToldAndTheirImageStays() {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.cloud.faults().calls("DescribeImageAttribute").deny();

        assertThat(stepsOf(given)).isEqualTo(1);
        assertThat(told)
                .singleElement()
                .satisfies(notice -> {
                    assertThat(notice.key()).isEqualTo("blind/us-east-1/launch permissions");
                    assertThat(notice.text()).contains("ec2:DescribeImageAttribute");
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"})
    void anImageThatGoesWhileItIsLookedAtIsNoNews(String code) {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.cloud.faults().calls("DescribeImageAttribute").error(code, 400);

        assertThat(stepsOf(given)).isEqualTo(1);
        assertThat(told).isEmpty();
    }

    /** How many images would go a step. */
    private long stepsOf(TestDeployment given) {
        Planner planner = planner(given.deployment.application());
        Policy gold = planner.policies().getFirst();
        return planner.plan(gold).plans().getFirst().steps().count();
    }

    private Planner planner(Application app) {
        return app.planner(new Planner.PlannerRun(DAY_4, true, told::add)).read();
    }

    /** The same application, to which EC2 lists its images like that. */
    private static Application listing(TestDeployment given, UnaryOperator<List<Image>> change) {
        Application app = given.deployment.application();
        Ec2Client listing = new Listing(given.ec2(TestDeployment.EAST), change);
        Pace pace = new Pace(given.cloud.clock(), given.cloud::advance);
        return new Application(
                app.settings(),
                app.policies(),
                app.catalog(),
                ImageDoors.of(region -> listing, pace, SideBySide.ONE_BY_ONE),
                app.instances(),
                app.sources(),
                app.probes(),
                app.launcher(),
                app.commands(),
                app.profiles(),
                app.kicks(),
                app.deadLetters(),
                app.announcements(),
                app.clock(),
                pace,
                SideBySide.ONE_BY_ONE);
    }

    private static List<Image> firstIsDeregistered(List<Image> images) {
        List<Image> changed = new ArrayList<>(images);
        changed.set(0, images.getFirst().toBuilder().state(ImageState.DEREGISTERED).build());
        return changed;
    }

    private static List<Image> firstComesAgain(List<Image> images) {
        List<Image> changed = new ArrayList<>(images);
        changed.add(images.getFirst());
        return changed;
    }

    /** EC2, but for its list of images. */
    private record Listing(Ec2Client ec2, UnaryOperator<List<Image>> change) implements Ec2Client {
        @Override
        public DescribeImagesResponse describeImages(DescribeImagesRequest request) {
            DescribeImagesResponse answer = ec2.describeImages(request);
            return answer.toBuilder().images(change.apply(answer.images())).build();
        }

        @Override
        public String serviceName() {
            return ec2.serviceName();
        }

        @Override
        public void close() {}
    }

    private static TestDeployment threeDays(String policy) {
        TestDeployment given = TestDeployment.nightlyInMemory(policy);
        given.instance("web-1");
        given.nights(3);
        return given;
    }
}
