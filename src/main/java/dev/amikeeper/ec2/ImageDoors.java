package dev.amikeeper.ec2;

import dev.amikeeper.image.Region;

import software.amazon.awssdk.services.ec2.Ec2Client;

import java.util.function.Function;

/**
 * The three classes that access EC2's images at a common pace. Each user gets only what it needs:
 * with {@link ImageReads} alone it cannot change anything.
 */
public record ImageDoors(ImageReads reads, ImageStarts starts, ImageChanges changes) {
    /** Creates them for any Region, at EC2's pace, with this many reads at a time. */
    public static ImageDoors of(Function<Region, Ec2Client> ec2, Pace pace, SideBySide sideBySide) {
        PacedCalls calls = new PacedCalls(ec2, pace);
        ImageReads reads = new ImageReads(calls, sideBySide);
        ImageChanges changes = new ImageChanges(calls, reads);
        return new ImageDoors(reads, new ImageStarts(calls, reads, changes), changes);
    }
}
