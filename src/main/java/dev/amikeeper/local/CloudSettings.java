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

/** How long things take in the simulated cloud and how they end. May change at any time. */
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
    private int copyQuota = 20;
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
     * One image in the making.
     *
     * @param copy whether it is made by CopyImage
     * @param number 1 for the first image of this name in this Region, 2 for the next try
     */
    public record Attempt(String region, String name, boolean copy, int number) {}

    /**
     * One instance in the making.
     *
     * @param image whose id it is launched from
     * @param source the instance that this image, or what it was copied or restored from, was made
     *     of
     */
    public record LaunchAttempt(
            String region, String zone, String type, String image, Optional<String> source) {}

    /** From CreateImage to the end of pending; 5 minutes unless told. */
    public CloudSettings imageTime(Duration time) {
        imageTime = time;
        return this;
    }

    /** From CopyImage to the end of pending; 15 minutes unless told. */
    public CloudSettings copyTime(Duration time) {
        copyTime = time;
        return this;
    }

    /** From the call to the instance's next lasting state; 30 seconds unless told. */
    public CloudSettings instanceTime(Duration time) {
        instanceTime = time;
        return this;
    }

    /**
     * Rules of the Recycle Bin, of every Region: so long a deregistered image and a deleted
     * snapshot can be restored. Off unless told. With AWS, 1 to 365 days.
     */
    public CloudSettings recycleBin(Duration images, Duration snapshots) {
        imagesInBin = images;
        snapshotsInBin = snapshots;
        return this;
    }

    /** From CreateStoreImageTask to its end; 20 minutes unless told. */
    public CloudSettings storeTime(Duration time) {
        storeTime = time;
        return this;
    }

    /** From SendCommand to its end; 20 seconds unless told. */
    public CloudSettings commandTime(Duration time) {
        commandTime = time;
        return this;
    }

    /** From CreateImageUsageReport to the report; 24 hours unless told. */
    public CloudSettings reportTime(Duration time) {
        reportTime = time;
        return this;
    }

    /** Whether reports on use end as failed; they do not unless told. */
    public CloudSettings failingReports(boolean fail) {
        failingReports = fail;
        return this;
    }

    /** Snapshot copies in flight per destination Region; 20 unless told, as with AWS. */
    public CloudSettings copyQuota(int snapshots) {
        copyQuota = snapshots;
        return this;
    }

    /** For so many DescribeImages calls that would show a new image it is not there yet. */
    public CloudSettings hiddenCalls(int calls) {
        hiddenCalls = calls;
        return this;
    }

    /** Whether EC2's token buckets apply; off unless told. */
    public CloudSettings throttling(boolean on) {
        throttling = on;
        return this;
    }

    /** This bucket instead of EC2's own, and throttling on. */
    public CloudSettings bucket(String action, Bucket bucket) {
        buckets.put(action, bucket);
        return throttling(true);
    }

    /** Whether launched instances pass their status checks; they do unless told. */
    public CloudSettings booting(boolean passes) {
        booting = passes;
        return this;
    }

    /** The launched instances that fail their instance check for good, asked when it ends. */
    public CloudSettings failsToBoot(Predicate<LaunchAttempt> launches) {
        failingBoots = launches;
        return this;
    }

    /** The launched instances that are terminated out of pending by EC2 itself. */
    public CloudSettings failsToLaunch(Predicate<LaunchAttempt> launches) {
        failingLaunches = launches;
        return this;
    }

    /** The launched instances that cannot reach their volumes: attached EBS status impaired. */
    public CloudSettings failsToReachVolumes(Predicate<LaunchAttempt> launches) {
        impairedVolumes = launches;
        return this;
    }

    /**
     * The replacements of root volumes that fail, as launches of the new image; none unless told.
     */
    public CloudSettings failsToReplaceRoot(Predicate<LaunchAttempt> launches) {
        failingReplacements = launches;
        return this;
    }

    /** The images, by id, that fail to be stored in S3; none unless told. */
    public CloudSettings failsToStore(Predicate<String> images) {
        failingStores = images;
        return this;
    }

    /** The documents, by name, whose commands fail on an instance; none unless told. */
    public CloudSettings failingCommands(BiPredicate<String, LaunchAttempt> commands) {
        failingCommands = commands;
        return this;
    }

    /** The documents, by name, whose commands do not end by themselves; none unless told. */
    public CloudSettings hangingCommands(BiPredicate<String, LaunchAttempt> commands) {
        hangingCommands = commands;
        return this;
    }

    /** From now on there is no such document; there is any other. */
    public CloudSettings missingDocument(String name) {
        missingDocuments.add(name);
        return this;
    }

    /** The launches that are refused with InsufficientInstanceCapacity; none unless told. */
    public CloudSettings lacksCapacity(Predicate<LaunchAttempt> launches) {
        lackingCapacity = launches;
        return this;
    }

    /** The launches whose type is not to be had in their zone; none unless told. */
    public CloudSettings unsupported(Predicate<LaunchAttempt> launches) {
        unsupported = launches;
        return this;
    }

    /** So many instances and virtual processors may be pending or running in each Region. */
    public CloudSettings launchLimits(int instances, int vcpus) {
        instanceLimit = instances;
        vcpuLimit = vcpus;
        return this;
    }

    /** An instance profile of the account, by name; those of seeded instances are known. */
    public CloudSettings addProfile(String name) {
        profiles.add(name);
        return this;
    }

    /** From now on the account has no such instance profile. */
    public CloudSettings removeProfile(String name) {
        profiles.remove(name);
        return this;
    }

    /** The images that end as failed, asked when pending ends; none unless told. */
    public CloudSettings failing(Predicate<Attempt> attempts) {
        failing = attempts;
        return this;
    }

    /** Copies encrypted with this key end as failed. */
    public CloudSettings badKey(String key) {
        badKeys.add(key);
        return this;
    }

    /** Copies encrypted with this key succeed again, if they end from now on. */
    public CloudSettings goodKey(String key) {
        badKeys.remove(key);
        return this;
    }

    /** EC2 refuses every call that shares an image or a snapshot with this account. */
    public CloudSettings closeAccount(String account) {
        closedAccounts.add(account);
        return this;
    }

    /** The account is open again. */
    public CloudSettings openAccount(String account) {
        closedAccounts.remove(account);
        return this;
    }

    /** New snapshots in this Region are encrypted, without another key with AWS's default one. */
    public CloudSettings encryptByDefault(String region) {
        encryptingByDefault.add(region);
        return this;
    }

    /**
     * How far the services' clocks are ahead of the cloud's own; less than nothing for behind.
     *
     * @param ec2 by which EC2 dates what it makes
     * @param events by which events are dated
     * @param functions by which functions read the time
     */
    public CloudSettings clocks(Duration ec2, Duration events, Duration functions) {
        ec2Clock = ec2;
        eventClock = events;
        functionClock = functions;
        return this;
    }

    /** Shows this one every call that EC2 carries out from now on. */
    public CloudSettings watcher(Watcher one) {
        watcher = Optional.of(one);
        return this;
    }

    /** Sees what EC2 does, at the moment that it does it. */
    public interface Watcher {
        /** This call is neither refused nor throttled, and is carried out next. */
        void before(String region, Ec2Request call);

        /** This call succeeded; its caller may never get to know. */
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

    /** The replacements that fail with the old root volume detached; none unless told. */
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

    /** The bucket of an action; empty while nothing is throttled. */
    Optional<Bucket> bucket(String action, boolean narrow) {
        return throttling
                ? Optional.of(buckets.getOrDefault(action, Bucket.of(action, narrow)))
                : Optional.empty();
    }
}
