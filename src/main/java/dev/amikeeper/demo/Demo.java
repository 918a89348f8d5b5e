package dev.amikeeper.demo;

import dev.amikeeper.Application;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.dynamodb.LocalDynamoDb;
import dev.amikeeper.policy.InvalidPolicyException;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.report.StatusReader;
import dev.amikeeper.report.StatusReport;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * Plays a fleet on the simulated cloud: every tick, event and message.
 *
 * @param seed varies the fleet and its troubles
 */
public record Demo(Policies policies, int days, long seed, Progress progress) {
    public static final Region HOME = DemoFleet.HOME;
    public static final Instant START = Instant.parse("2026-03-01T00:00:00Z");

    private static final String POLICIES = "demo-policies.yaml";
    private static final String TABLE = "catalogue";

    /** Just before the pruner's daily run. */
    private static final LocalTime LOOK_AT = LocalTime.of(4, 29);

    private static final Duration STEP = Duration.ofHours(3);

    /** The demo's own policies. */
    public static Policies ownPolicies() {
        try (InputStream in =
                Objects.requireNonNull(Demo.class.getResourceAsStream("/" + POLICIES))) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Policies.parse(text, POLICIES, HOME, Application.regions(HOME));
        } catch (IOException e) {
            throw new IllegalStateException("a resource of our own can be read", e);
        }
    }

    /** Deploys into a cloud. */
    private interface Deploy {
        LocalDeployment into(SimulatedCloud cloud, Region home, Policies policies);
    }

    /**
     * Plays the demo with the catalogue in memory.
     *
     * @throws InvalidPolicyException if the policies select nothing of the fleet
     */
    public DemoSummary play() {
        return play(LocalDeployment::inMemory);
    }

    /**
     * Plays the demo with the catalogue in AWS's DynamoDB Local, which takes longer.
     *
     * @throws InvalidPolicyException if the policies select nothing of the fleet
     */
    public DemoSummary playOnDynamoDbLocal() {
        try (LocalDynamoDb dynamoDb = new LocalDynamoDb()) {
            dynamoDb.createTable(TABLE);
            return play(
                    (cloud, home, its) -> new LocalDeployment(cloud, dynamoDb, TABLE, home, its));
        }
    }

    private DemoSummary play(Deploy deploy) {
        Random random = new Random(seed);
        SimulatedCloud cloud = new SimulatedCloud(START, seed);
        DemoFleet fleet = DemoFleet.launch(cloud, random);
        requireSelection(policies, fleet);
        try (progress) {
            LocalDeployment deployment = deploy.into(cloud, HOME, policies);
            DemoStory story = new DemoStory(deployment, policies, fleet, random);
            ImageHistory.Writer history = new ImageHistory.Writer(deployment.application());
            Instant end = START.plus(Duration.ofDays(days));
            while (cloud.now().isBefore(end)) {
                deployment.runUntil(next(cloud.now(), story, end));
                story.play();
                if (cloud.now().atZone(ZoneOffset.UTC).toLocalTime().equals(LOOK_AT)) {
                    history.look();
                }
                progress.played(
                        Duration.between(START, cloud.now()).toMinutes() / (24.0 * 60),
                        deployment.metrics().getOrDefault("ImageStateFunction.available", 0));
            }
            // The last plan also reads from EC2, but is not part of what was played.
            SortedMap<String, Integer> calls = cloud.calls();
            DemoFigures figures =
                    new DemoFigures(days, seed, policies, fleet, story, calls, deployment);
            ImageHistory ended = history.end(end);
            DemoSummary.ProtectionCounts status =
                    DemoSummary.ProtectionCounts.of(status(deployment.application()));
            return figures.summary(ended, status, RegionLoss.play(cloud, policies, HOME));
        }
    }

    private static StatusReport status(Application app) {
        return new StatusReader(
                        app.policies(),
                        app.catalog().policiesWith(app.policies().allNames()),
                        app.catalog(),
                        app.instances(),
                        app.announcements())
                .read(Optional.empty(), app.clock().instant());
    }

    private static Instant next(Instant now, DemoStory story, Instant end) {
        Instant today = now.atZone(ZoneOffset.UTC).with(LOOK_AT).toInstant();
        Instant look = today.isAfter(now) ? today : today.plus(Duration.ofDays(1));
        return Stream.concat(story.next().stream(), Stream.of(now.plus(STEP), look, end))
                .min(Instant::compareTo)
                .orElseThrow();
    }

    private static void requireSelection(Policies policies, DemoFleet fleet) {
        boolean selects =
                policies.all().stream()
                        .anyMatch(policy ->
                                fleet.instances().stream().anyMatch(policy.select()::selects));
        if (!selects) {
            throw new InvalidPolicyException(
                    List.of(
                            """
                            These policies select no instance of the demo fleet, so nothing would happen.
                            Its tags are backup: gold or silver; environment: production, staging or sandbox;
                            Name: web-1, db-1, ... Its Regions are us-east-1 and eu-central-1.\
                            """));
        }
    }
}
