package dev.amikeeper;

import com.amazonaws.services.lambda.runtime.Context;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.TestTables;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.policy.Policies;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.ec2.Ec2Client;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;

/** A deployment on the embedded cloud, with the policies of a test. */
public final class TestDeployment {
    public static final String EAST = "us-east-1";
    public static final String WEST = "us-west-2";
    public static final String IRELAND = "eu-west-1";
    public static final Instant START = Instant.parse("2026-03-01T00:00:00Z");

    private static final String NIGHTLY =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *"}
            """;

    public final SimulatedCloud cloud;
    public final LocalDeployment deployment;
    private final Deploy deploy;
    private SideBySide sideBySide = SideBySide.ONE_BY_ONE;
    private Consumer<Duration> pause;

    /** Deploys these policies into a cloud. */
    private interface Deploy {
        LocalDeployment into(SimulatedCloud cloud, Region home, Policies policies);
    }

    public TestDeployment(String policies) {
        this(new SimulatedCloud(START, 1), LocalDeployment::inMemory, policies);
    }

    private TestDeployment(SimulatedCloud cloud, Deploy deploy, String policies) {
        this.cloud = cloud;
        this.deploy = deploy;
        pause = cloud::advance;
        Region home = new Region(EAST);
        deployment =
                deploy.into(
                        cloud,
                        home,
                        Policies.parse(policies, "policies.yaml", home, Application.regions(home)));
    }

    /** With the catalogue in AWS's DynamoDB Local, for what a table in memory cannot show. */
    public static TestDeployment onDynamoDbLocal(String policies) {
        return new TestDeployment(
                new SimulatedCloud(START, 1), onLocalTable(TestTables.fresh()), policies);
    }

    /** In a cloud of another seed. */
    public static TestDeployment inMemory(String policies, long seed) {
        return new TestDeployment(
                new SimulatedCloud(START, seed), LocalDeployment::inMemory, policies);
    }

    private static Deploy onLocalTable(String table) {
        return (cloud, home, policies) ->
                new LocalDeployment(cloud, TestTables.local(), table, home, policies);
    }

    /** The same cloud and catalogue under another policy file. */
    public TestDeployment redeployed(String policies) {
        return new TestDeployment(cloud, deploy, policies);
    }

    /** One policy that images at 02:00 UTC. */
    public static TestDeployment nightly(String more) {
        return new TestDeployment(NIGHTLY + more.indent(4));
    }

    /** The same. */
    public static TestDeployment nightlyInMemory(String more) {
        return nightly(more);
    }

    public String instance(String name) {
        return instance(EAST, name, 1);
    }

    public String instance(String region, String name, int volumes) {
        List<Integer> sizes = new ArrayList<>();
        for (int i = 0; i < volumes; i++) {
            sizes.add(8);
        }
        return cloud.launch(region, Map.of("Name", name, "backup", "gold"), sizes);
    }

    public void playDays(int days) {
        deployment.runUntil(START.plus(Duration.ofDays(days)));
    }

    /** Sets an attribute of an item of the catalogue in memory, as somebody does by hand. */
    public void edit(String partition, String key, String attribute, String value) {
        edit(partition, key, attribute, AttributeValue.fromS(value));
    }

    /** The same, of a number. */
    public void editNumber(String partition, String key, String attribute, long value) {
        edit(partition, key, attribute, AttributeValue.fromN(Long.toString(value)));
    }

    private void edit(String partition, String key, String attribute, AttributeValue value) {
        var tables = cloud.tables(EAST);
        Map<String, AttributeValue> item =
                new HashMap<>(
                        tables.getItem(get ->
                                        get.tableName("catalogue")
                                                .key(
                                                        Map.of(
                                                                "pk",
                                                                AttributeValue.fromS(partition),
                                                                "sk",
                                                                AttributeValue.fromS(key))))
                                .item());
        item.put(attribute, value);
        tables.putItem(put -> put.tableName("catalogue").item(item));
    }

    /** Plays nothing but the ticks at 02:00 and what follows from them until 04:00. */
    public void nights(int count) {
        nights(0, count);
    }

    /** The same, from a later night on. */
    public void nights(int first, int count) {
        deployment.withoutSchedules();
        for (int night = first; night < first + count; night++) {
            Instant slot = START.plus(Duration.ofDays(night)).plus(Duration.ofHours(2));
            cloud.advanceTo(slot);
            deployment.tick(slot);
            deployment.runUntil(slot.plus(Duration.ofHours(2)));
        }
    }

    public void playUntil(String time) {
        deployment.runUntil(Instant.parse(time));
    }

    public Ec2Client ec2(String region) {
        return cloud.ec2(region);
    }

    public List<LocalImage> images(String region) {
        return cloud.images(region);
    }

    /** The snapshots that EC2 shows an image of the home Region to have. */
    public List<SnapshotId> snapshotsOf(ImageId image) {
        return deployment
                .application()
                .images()
                .reads()
                .find(new Region(EAST), List.of(image))
                .values()
                .stream()
                .flatMap(ami -> ami.snapshots().stream())
                .toList();
    }

    public Catalog catalog() {
        return deployment.application().catalog();
    }

    public List<Image> records(String region) {
        return catalog().ofPolicy("gold", new Region(region));
    }

    public void tick(String time) {
        deployment.tick(Instant.parse(time));
    }

    /** The texts of all messages that people got, those included that the next tick sends. */
    public List<String> told() {
        deployment.application().announcements().publish();
        return deployment.sns().published().stream()
                .map(published -> published.message().message())
                .toList();
    }

    /** From now on, functions make their calls so, and pause so. */
    public void sideBySide(SideBySide workers, Consumer<Duration> pausing) {
        sideBySide = workers;
        pause = pausing;
    }

    /**
     * The objects of one environment of a function, which share no memory with another one. Only
     * with the catalogue in memory.
     */
    public Application environment() {
        return environment(region -> cloud.ec2(region.name()), cloud.tables(EAST));
    }

    /** The same, with another EC2 and another table. */
    public Application environment(Function<Region, Ec2Client> ec2, DynamoDbClient table) {
        Application deployed = deployment.application();
        return Application.of(
                deployed.settings(),
                deployed.policies(),
                new Application.Cloud(
                        ec2,
                        region -> cloud.autoScaling(region.name()),
                        region -> cloud.ssm(region.name()),
                        _ -> cloud.iam(),
                        table,
                        cloud.sqs(EAST),
                        cloud.sns(EAST),
                        cloud.clock(),
                        pause,
                        new Random(1),
                        sideBySide));
    }

    public Context context(String function) {
        return deployment.context(function);
    }
}
