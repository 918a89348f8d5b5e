package dev.amikeeper.sweep;

import java.util.List;

/**
 * What a new catalogue was made from. Everything is text and numbers, for programs to read.
 *
 * @param images one line for each Region and policy that has images
 * @param schedules one line for each policy and home Region whose schedule continues
 * @param foreign AMIs that have our tags and another name, as {@code us-east-1/ami-…}; left alone
 * @param failed AMIs that failed in EC2 unnoticed, in the same form; left alone
 * @param unreadable the Regions that could not be read, or not completely
 * @param dryRun whether nothing was written
 */
public record RebuildReport(
        List<RebuiltImages> images,
        List<RebuiltSchedule> schedules,
        List<String> foreign,
        List<String> failed,
        List<UnreadableRegion> unreadable,
        boolean dryRun) {
    public RebuildReport {
        images = List.copyOf(images);
        schedules = List.copyOf(schedules);
        foreign = List.copyOf(foreign);
        failed = List.copyOf(failed);
        unreadable = List.copyOf(unreadable);
    }

    /**
     * The images of a policy in a Region.
     *
     * @param added records made from tags
     * @param copies how many of these are copies
     * @param pending how many of these EC2 is still creating
     * @param disabled how many of these are disabled
     * @param known records that exist already; they are left as they are
     * @param newest the newest slot of them all
     */
    public record RebuiltImages(
            String region,
            String policy,
            int added,
            int copies,
            int pending,
            int disabled,
            int known,
            String newest) {}

    /**
     * The schedule of a policy in a home Region.
     *
     * @param until slots up to this time count as dealt with; the next tick takes those after it
     * @param requested images of the newest slot that had not been started and are requested now
     */
    public record RebuiltSchedule(String policy, String region, String until, int requested) {}

    /** A Region that could not be read, and why. */
    public record UnreadableRegion(String region, String why) {}

    /** How many records were made. */
    public int added() {
        return images.stream().mapToInt(RebuiltImages::added).sum();
    }
}
