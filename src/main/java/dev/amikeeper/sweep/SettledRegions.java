package dev.amikeeper.sweep;

import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.SweepState.Settled;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The Regions whose snapshots need not be listed. Whatever AMI Keeper does to a snapshot goes with
 * a change of an image or of its record. If neither has changed since all snapshots were in order,
 * only somebody else can have changed that, and it is enough to look once a day.
 */
final class SettledRegions {
    /** How long what others do to snapshots may go unnoticed. */
    static final Duration LOOK_EVERY = Duration.ofDays(1);

    private final Map<Region, Settled> regions;
    private final Set<NoticeKey> open;
    private final Instant now;
    private final boolean dryRun;

    /**
     * Knows what the last sweep left.
     *
     * @param open what the open troubles are about
     */
    SettledRegions(Map<Region, Settled> before, Set<NoticeKey> open, SweepRun run) {
        regions = new TreeMap<>(before);
        this.open = open;
        now = run.now();
        dryRun = run.dryRun();
    }

    /** What the images that EC2 lists and their records are now. */
    static String digest(Collection<Ami> amis, List<Image> records) {
        MessageDigest digest = sha256();
        amis.stream()
                .sorted(Comparator.comparing(ami -> ami.id().value()))
                .forEach(ami -> update(digest, ami.id() + " " + ami.state() + ami.snapshots()));
        records.stream()
                .sorted(Comparator.comparing(Image::name))
                .forEach(image ->
                        update(digest, image.name() + " " + image.version() + " " + image.state()));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void update(MessageDigest digest, String line) {
        digest.update(line.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) '\n');
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }

    /** Whether the Region's snapshots must be listed. A dry run shows all that it can find. */
    boolean mustList(Region region, String digest) {
        Settled settled = regions.get(region);
        return dryRun
                || settled == null
                || !settled.digest().equals(digest)
                || !settled.at().plus(LOOK_EVERY).isAfter(now)
                || settled.at().isAfter(now)
                || open.stream().anyMatch(key -> key.is(Trouble.ORPHAN, region));
    }

    /**
     * The Region's snapshots were listed.
     *
     * @param inOrder whether nothing is left to do about them
     */
    void listed(Region region, String digest, boolean inOrder) {
        if (inOrder) {
            regions.put(region, new Settled(now, digest));
        } else {
            regions.remove(region);
        }
    }

    /** Forgets all Regions but these. */
    void retain(Collection<Region> those) {
        regions.keySet().retainAll(those);
    }

    /** What the next sweep should know. */
    Map<Region, Settled> all() {
        return Map.copyOf(regions);
    }
}
