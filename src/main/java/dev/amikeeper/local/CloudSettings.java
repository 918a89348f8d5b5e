package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.Ec2Request;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * How long things take in the simulated cloud and how they end. Settings may change at any time.
 * The class is long because it has a field and two methods for each setting.
 */
public final class CloudSettings {
    private Duration imageTime = Duration.ofMinutes(5);
    private Duration copyTime = Duration.ofMinutes(15);
    private Duration instanceTime = Duration.ofSeconds(30);
    private Duration storeTime = Duration.ofMinutes(20);
    private Duration commandTime = Duration.ofSeconds(20);
    private Duration reportTime = Duration.ofHours(24);
    private boolean failingReports;
    private final Duration checkTime = Duration.ofMinutes(2);
    private Duration imagesInBin = Duration.ZERO;
    private Duration snapshotsInBin = Duration.ZERO;
    private int copyQuota = 300;
    private int hiddenCalls;
    private boolean throttling;
    private boolean booting = true;
    private Predicate<Attempt> failing = _ -> false;
    private int instanceLimit = Integer.MAX_VALUE;
    private int vcpuLimit = Integer.MAX_VALUE;
    private Predicate<LaunchAttempt> unsupported = _ -> false;
    private Predicate<LaunchAttempt> lackingCapacity = _ -> false;
    private Predicate<LaunchAttempt> failingLaunches = _ -> false;
    private Predicate<LaunchAttempt> failingBoots = _ -> false;
    private Predicate<LaunchAttempt> impairedVolumes = _ -> false;
    private Predicate<LaunchAttempt> failingReplacements = _ -> false;
    private Predicate<LaunchAttempt> detachingReplacements = _ -> false;
    private Predicate<String> failingStores = _ -> false;
    private BiPredicate<String, LaunchAttempt> failingCommands = (_, _) -> false;
    private BiPredicate<String, LaunchAttempt> hangingCommands = (_, _) -> false;
    private final Set<String> missingDocuments = new HashSet<>();
    private final Set<String> profiles = new HashSet<>();
    private Duration ec2Clock = Duration.ZERO;
    private Duration eventClock = Duration.ZERO;
    private Duration functionClock = Duration.ZERO;
    private Optional<Watcher> watcher = Optional.empty();
    private final Set<String> badKeys = new HashSet<>();
    private final Set<String> closedAccounts = new HashSet<>();
    private final Set<String> encryptingByDefault = new HashSet<>();
    private final Map<String, Bucket> buckets = new HashMap<>();

    CloudSettings() {}

    /**
     * One attempt to make an image.
     *
     * @param copy whether CopyImage makes it
     * @param number 1 for the first image of this name in this Region, 2 for the next attempt
     */
    public record Attempt(String region, String name, boolean copy, int number) {}

    /**
     * One attempt to launch an instance.
     *
     * @param image the id of its image
     * @param source the instance that the image, or what it was copied or restored from, was made
     *     of
     */
    public record LaunchAttempt(
            String region, String zone, String type, String image, Optional<String> source) {}

    /** From CreateImage to the end of pending; 5 minutes by default. */
    public CloudSettings imageTime(Duration time) {
        imageTime = time;
        return this;
    }

    /** From CopyImage to the end of pending; 15 minutes by default. */
    public CloudSettings copyTime(Duration time) {
        copyTime = time;
        return this;
    }

    /** From the call to the instance's next lasting state; 30 seconds by default. */
    public CloudSettings instanceTime(Duration time) {
        instanceTime = time;
        return this;
    }

    /**
     * Recycle Bin rules for all Regions: how long a deregistered image and a deleted snapshot can
     * be restored. Off by default. AWS allows 1 to 365 days.
     */
    public CloudSettings recycleBin(Duration images, Duration snapshots) {
        imagesInBin = images;
        snapshotsInBin = snapshots;
        return this;
    }

    /** From CreateStoreImageTask to its end; 20 minutes by default. */
    public CloudSettings storeTime(Duration time) {
        storeTime = time;
        return this;
    }

    /** From SendCommand to its end; 20 seconds by default. */
    public CloudSettings commandTime(Duration time) {
        commandTime = time;
        return this;
    }

    /** From CreateImageUsageReport to the report; 24 hours by default. */
    public CloudSettings reportTime(Duration time) {
        reportTime = time;
        return this;
    }

    /** Whether usage reports fail; they do not by default. */
    public CloudSettings failingReports(boolean fail) {
        failingReports = fail;
        return this;
    }

    /**
     * Image copies in flight per destination Region; 300 by default, as with AWS.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ami-copy-works.html">How
     *     Amazon EC2 AMI copy works</a>
     */
    public CloudSettings copyQuota(int images) {
        copyQuota = images;
        return this;
    }

    /** How many DescribeImages calls miss a new image; none by default. */
    public CloudSettings hiddenCalls(int calls) {
        hiddenCalls = calls;
        return this;
    }

    /** Whether EC2's token buckets apply; off by default. */
    public CloudSettings throttling(boolean on) {
        throttling = on;
        return this;
    }

    /** Replaces EC2's own bucket of an action, and turns throttling on. */
    public CloudSettings bucket(String action, Bucket bucket) {
        buckets.put(action, bucket);
        return throttling(true);
    }

    /** Whether launched instances pass their status checks; they do by default. */
    public CloudSettings booting(boolean passes) {
        booting = passes;
        return this;
    }

    /** The launched instances that never pass their instance check; asked when it ends. */
    public CloudSettings failsToBoot(Predicate<LaunchAttempt> launches) {
        failingBoots = launches;
        return this;
    }

    /** The launched instances that EC2 terminates while they are pending. */
    public CloudSettings failsToLaunch(Predicate<LaunchAttempt> launches) {
        failingLaunches = launches;
        return this;
    }

    /**
     * The launched instances that cannot reach their volumes, so that their attached EBS status is
     * impaired.
     */
    public CloudSettings failsToReachVolumes(Predicate<LaunchAttempt> launches) {
        impairedVolumes = launches;
        return this;
    }

    /**
     * The replacements of root volumes that fail, as launches of the new image; none by default.
     */
    public CloudSettings failsToReplaceRoot(Predicate<LaunchAttempt> launches) {
        failingReplacements = launches;
        return this;
    }

    /** The images, by id, that cannot be stored in S3; none by default. */
    public CloudSettings failsToStore(Predicate<String> images) {
        failingStores = images;
        return this;
    }

    /** The documents, by name, whose commands fail on an instance; none by default. */
    public CloudSettings failingCommands(BiPredicate<String, LaunchAttempt> commands) {
        failingCommands = commands;
        return this;
    }

    /** The documents, by name, whose commands never end by themselves; none by default. */
    public CloudSettings hangingCommands(BiPredicate<String, LaunchAttempt> commands) {
        hangingCommands = commands;
        return this;
    }

    /** Removes this document. Every other document exists. */
    public CloudSettings missingDocument(String name) {
        missingDocuments.add(name);
        return this;
    }

    /** The launches that are refused with InsufficientInstanceCapacity; none by default. */
    public CloudSettings lacksCapacity(Predicate<LaunchAttempt> launches) {
        lackingCapacity = launches;
        return this;
    }

    /** The launches whose instance type is not offered in their zone; none by default. */
    public CloudSettings unsupported(Predicate<LaunchAttempt> launches) {
        unsupported = launches;
        return this;
    }

    /** How many instances and virtual CPUs may be pending or running in each Region. */
    public CloudSettings launchLimits(int instances, int vcpus) {
        instanceLimit = instances;
        vcpuLimit = vcpus;
        return this;
    }

    /**
     * Adds an instance profile of the account, by name. Those of seeded instances exist already.
     */
    public CloudSettings addProfile(String name) {
        profiles.add(name);
        return this;
    }

    /** Removes an instance profile of the account. */
    public CloudSettings removeProfile(String name) {
        profiles.remove(name);
        return this;
    }

    /** The images that fail, asked when pending ends; none by default. */
    public CloudSettings failing(Predicate<Attempt> attempts) {
        failing = attempts;
        return this;
    }

    /** Makes copies fail that are encrypted with this key. */
    public CloudSettings badKey(String key) {
        badKeys.add(key);
        return this;
    }

    /** Lets copies with this key succeed again, if they end from now on. */
    public CloudSettings goodKey(String key) {
        badKeys.remove(key);
        return this;
    }

    /** Makes EC2 refuse every call that shares an image or a snapshot with this account. */
    public CloudSettings closeAccount(String account) {
        closedAccounts.add(account);
        return this;
    }

    /** Opens the account again. */
    public CloudSettings openAccount(String account) {
        closedAccounts.remove(account);
        return this;
    }

    /**
     * Encrypts new snapshots in this Region, with AWS's default key unless the call names another.
     */
    public CloudSettings encryptByDefault(String region) {
        encryptingByDefault.add(region);
        return this;
    }

    /**
     * How far the services' clocks are ahead of the cloud's own clock; negative if behind.
     *
     * @param ec2 the clock by which EC2 dates what it makes
     * @param events the clock by which events are dated
     * @param functions the clock that functions read
     */
    public CloudSettings clocks(Duration ec2, Duration events, Duration functions) {
        ec2Clock = ec2;
        eventClock = events;
        functionClock = functions;
        return this;
    }

    /** Shows this watcher every call that EC2 executes from now on. */
    public CloudSettings watcher(Watcher one) {
        watcher = Optional.of(one);
        return this;
    }

    /** Sees what EC2 does at the moment it does it. */
    public interface Watcher {
        /** This call was neither refused nor throttled, and is executed next. */
        void before(String region, Ec2Request call);

        /** This call succeeded; the caller may never learn that. */
        void after(String region, Ec2Request call, Object answer);
    }

    Duration ec2Clock() {
        return ec2Clock;
    }

    Duration eventClock() {
        return eventClock;
    }

    Duration functionClock() {
        return functionClock;
    }

    Optional<Watcher> watcher() {
        return watcher;
    }

    Duration pendingTime(boolean copy) {
        return copy ? copyTime : imageTime;
    }

    Duration instanceTime() {
        return instanceTime;
    }

    Duration reportTime() {
        return reportTime;
    }

    boolean failsReports() {
        return failingReports;
    }

    Duration checkTime() {
        return checkTime;
    }

    Duration imagesInBin() {
        return imagesInBin;
    }

    Duration snapshotsInBin() {
        return snapshotsInBin;
    }

    int copyQuota() {
        return copyQuota;
    }

    int hiddenCalls() {
        return hiddenCalls;
    }

    boolean boots(LaunchAttempt launch) {
        return booting && !failingBoots.test(launch);
    }

    boolean launches(LaunchAttempt launch) {
        return !failingLaunches.test(launch);
    }

    boolean reachesVolumes(LaunchAttempt launch) {
        return !impairedVolumes.test(launch);
    }

    /** The replacements that fail after the old root volume was detached; none by default. */
    public CloudSettings leavesNoRoot(Predicate<LaunchAttempt> launches) {
        detachingReplacements = launches;
        return this;
    }

    boolean detachesRoot(LaunchAttempt launch) {
        return detachingReplacements.test(launch);
    }

    boolean replacesRoot(LaunchAttempt launch) {
        return !failingReplacements.test(launch);
    }

    boolean stores(String image) {
        return !failingStores.test(image);
    }

    boolean succeeds(String document, LaunchAttempt on) {
        return !failingCommands.test(document, on);
    }

    boolean hangs(String document, LaunchAttempt on) {
        return hangingCommands.test(document, on);
    }

    boolean hasDocument(String name) {
        return !missingDocuments.contains(name);
    }

    Duration storeTime() {
        return storeTime;
    }

    Duration commandTime() {
        return commandTime;
    }

    boolean lacksCapacity(LaunchAttempt launch) {
        return lackingCapacity.test(launch);
    }

    boolean isUnsupported(LaunchAttempt launch) {
        return unsupported.test(launch);
    }

    int instanceLimit() {
        return instanceLimit;
    }

    int vcpuLimit() {
        return vcpuLimit;
    }

    boolean knowsProfile(String name) {
        return profiles.contains(name);
    }

    boolean fails(Attempt attempt) {
        return failing.test(attempt);
    }

    boolean isClosed(String account) {
        return closedAccounts.contains(account);
    }

    boolean encryptsByDefault(String region) {
        return encryptingByDefault.contains(region);
    }

    boolean isBad(String key) {
        return badKeys.contains(key);
    }

    /** The bucket of an action; empty if throttling is off. */
    Optional<Bucket> bucket(String action, boolean narrow) {
        return throttling
                ? Optional.of(buckets.getOrDefault(action, Bucket.of(action, narrow)))
                : Optional.empty();
    }
}
