package dev.amikeeper.sweep;

import java.util.List;

/**
 * What a new catalogue was made from. Everything is text and numbers, for programs to read.
 *
 * @param images a line for each Region and policy of which there are images
 * @param schedules a line for each policy and home Region whose schedule goes on
 * @param foreign AMIs with our tags and another name, as {@code us-east-1/ami-…}; left alone
 * @param failed AMIs at which EC2 failed unnoticed, in the same form; left alone
 * @param unreadable the Regions that could not be read or not wholly
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
     * @param copies those of them that are copies
     * @param pending those of them that EC2 is still making
     * @param disabled those of them that are disabled
     * @param known records that are there already; they are left as they are
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
     * @param until up to then slots count as dealt with; the next tick sees to those after it
     * @param requested images of the newest slot that were not begun, and are now
     */
    public record RebuiltSchedule(String policy, String region, String until, int requested) {}

    /** A Region that could not be read, and why. */
    public record UnreadableRegion(String region, String why) {}

    /** How many records were made. */
    public int added() {
        return images.stream().mapToInt(RebuiltImages::added).sum();
    }
}
