package dev.amikeeper.scale;

import static java.util.Objects.requireNonNull;

import dev.amikeeper.Application;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.local.CallWatch;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.ec2.Ec2Client;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A fleet of any size in one Region, with copies of its images in two others, in which everything
 * is in order. Nothing of it is stored: each page of a listing is made when it is asked for. Only
 * what somebody changes is remembered. So little but what the functions keep takes memory.
 *
 * <p>Images are numbered, those of an instance one after the other and the oldest first. A copy has
 * its home image's number.
 */
public final class GeneratedFleet {
    static final String POLICY = "gold";
    static final Region HOME = new Region(TestDeployment.EAST);

    /** The Regions with images. */
    public static final List<Region> REGIONS =
            List.of(HOME, new Region(TestDeployment.WEST), new Region(TestDeployment.IRELAND));

    private static final Instant NEWEST = TestDeployment.START.plus(Duration.ofHours(2));

    /** One of so many instances differs from the others in one way or another. */
    private static final int DIFFERENT = 50;

    private final FleetSize size;
    private final TestDeployment given;
    private final List<String> sharedWith;
    private final SortedMap<String, Integer> calls = new ConcurrentSkipListMap<>();
    private final Map<Region, Ec2Client> ec2 = new HashMap<>();
    private final DynamoDbClient table;
    private final Map<Region, NavigableSet<Integer>> deregistered = new ConcurrentHashMap<>();
    private volatile CallWatch watch = (action, region) -> {};

    /**
     * How large a fleet is.
     *
     * @param slots how many images each instance has in each Region, a day apart
     * @param volumes how many each instance has
     */
    public record FleetSize(int instances, int slots, int volumes) {
        /** From the arguments of a program. */
        public static FleetSize of(String... args) {
            return new FleetSize(
                    Integer.parseInt(args[0]),
                    Integer.parseInt(args[1]),
                    Integer.parseInt(args[2]));
        }

        /** How many images there are in each Region. */
        public int images() {
            return instances * slots;
        }

        /** For a program. */
        public String[] args() {
            return IntStream.of(instances, slots, volumes)
                    .mapToObj(Integer::toString)
                    .toArray(String[]::new);
        }
    }

    /**
     * Creates a fleet.
     *
     * @param more what its policy says besides what it images and where it copies that to
     */
    public GeneratedFleet(FleetSize size, String more) {
        this.size = size;
        given =
                new TestDeployment(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                            replicate: {us-west-2: {}, eu-west-1: {}}
                            %s
                        """
                                .formatted(more));
        given.instance(TestDeployment.EAST, "model", size.volumes());
        given.nights(1);
        Application app = given.deployment.application();
        sharedWith = app.policies().find(POLICY).orElseThrow().share().all();
        for (Region region : REGIONS) {
            deregistered.put(region, new ConcurrentSkipListSet<>());
            ec2.put(region, new GeneratedEc2(this, region, given.ec2(region.name())).client());
        }
        table = new GeneratedRecords(this, given.cloud.tables(HOME.name())).client();
    }

    /** What surrounds the fleet. */
    public TestDeployment given() {
        return given;
    }

    /** The functions, with this fleet and the records of its images. */
    public Application application() {
        return given.environment(ec2::get, table);
    }

    /** The functions, with this fleet and a table from which everything was lost. */
    public Application withoutRecords() {
        given.cloud
                .tables(HOME.name())
                .clearTable(given.deployment.application().settings().table());
        return given.environment(ec2::get, given.cloud.tables(HOME.name()));
    }

    /** Shows every call of every service from now on to this watch, and to no other. */
    public void watch(CallWatch by) {
        watch = by;
        given.cloud.watch(by);
    }

    /** How many calls of each kind there were that the fleet answered. */
    public SortedMap<String, Integer> calls() {
        return calls;
    }

    /** A call that the fleet answers. */
    <T> T call(String action, Region region, Supplier<T> answer) {
        calls.merge(action, 1, Integer::sum);
        watch.before(action, region.name());
        T given = answer.get();
        watch.after(action, region.name());
        return given;
    }

    /** The numbers of the images in a Region that were deregistered. */
    public NavigableSet<Integer> deregistered(Region region) {
        return requireNonNull(deregistered.get(region));
    }

    /**
     * The numbers of the images in a Region that must go if each instance keeps so many there:
     * nobody holds them, and no instance was launched from them.
     */
    public List<Integer> beyond(int kept, Region region) {
        return IntStream.range(0, size.images())
                .filter(image -> image % size.slots() < size.slots() - kept)
                .filter(image -> !isHeld(image) && !isInUse(region, image))
                .boxed()
                .toList();
    }

    /** How large it was at first. */
    public FleetSize size() {
        return size;
    }

    List<String> sharedWith() {
        return sharedWith;
    }

    ImageName name(int image) {
        int day = size.slots() - 1 - image % size.slots();
        return new ImageName(
                POLICY,
                new InstanceId(instance(image / size.slots())),
                new Slot(NEWEST.minus(Duration.ofDays(day))));
    }

    /** The number of the image with this name. */
    Optional<Integer> number(InstanceId instance, Slot slot) {
        String id = instance.value();
        int number = Integer.parseInt(id.substring(id.length() - 7), 16);
        long day = size.slots() - 1 - Duration.between(slot.time(), NEWEST).toDays();
        return Optional.of(number)
                .filter(it -> it < size.instances() && day >= 0 && day < size.slots())
                .map(it -> it * size.slots() + (int) day)
                .filter(it -> name(it).equals(new ImageName(POLICY, instance, slot)));
    }

    static String instance(int number) {
        return "i-%017x".formatted(number);
    }

    static String ami(Region region, int image) {
        return "ami-%05x%012x".formatted(region.hashCode() & 0xfffff, image);
    }

    /** The number of the image with this id. */
    Optional<Integer> number(Region region, String ami) {
        return Optional.of(Integer.parseInt(ami.substring(ami.length() - 7), 16))
                .filter(it -> it < size.images() && ami(region, it).equals(ami));
    }

    /** The image from which an instance was launched: for some, the oldest of their own. */
    static String launchedFrom(int instance, int slots) {
        return instance % DIFFERENT == 1 ? ami(HOME, instance * slots) : "ami-0123456789abcdef0";
    }

    private boolean isInUse(Region region, int image) {
        return launchedFrom(image / size.slots(), size.slots()).equals(ami(region, image));
    }

    /** Somebody holds the oldest images of some instances. */
    private boolean isHeld(int image) {
        return image % size.slots() == 0 && image / size.slots() % DIFFERENT == 2;
    }

    /** The tags of an image and of its snapshots. */
    Map<String, String> tags(Region region, int image) {
        ImageName name = name(image);
        Map<String, String> tags = new HashMap<>(own(image / size.slots()));
        tags.put(ImageTags.POLICY, name.policy());
        tags.put(ImageTags.INSTANCE, name.instance().value());
        tags.put(ImageTags.SLOT, name.slot().toString());
        if (!region.equals(HOME)) {
            tags.put(ImageTags.HOME, home(image));
        }
        if (isHeld(image)) {
            tags.put(ImageTags.HOLD, "litigation");
        }
        return tags;
    }

    static String home(int image) {
        return HOME + "/" + ami(HOME, image);
    }

    /** The tags of an instance. */
    static Map<String, String> own(int instance) {
        return Map.of(
                "Name", "server-" + instance,
                "backup", "gold",
                "environment", "production",
                "cost-center", "4711",
                "owner", "team-" + instance % 20 + "@example.com");
    }

    static Instant launched() {
        return NEWEST.minus(Duration.ofDays(100));
    }

    /** A page of a listing; its token says where the next one begins. */
    record Page(int from, int to, int all) {
        static Page of(String token, int length, int all) {
            int from = token.isEmpty() ? 0 : Integer.parseInt(token);
            return new Page(from, Math.min(all, from + length), all);
        }

        <T> List<T> map(IntFunction<T> each) {
            return IntStream.range(from, to).mapToObj(each).toList();
        }

        Optional<String> next() {
            return to < all ? Optional.of(Integer.toString(to)) : Optional.empty();
        }
    }
}
