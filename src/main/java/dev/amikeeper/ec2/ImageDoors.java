package dev.amikeeper.ec2;

import dev.amikeeper.image.Region;

import software.amazon.awssdk.services.ec2.Ec2Client;

import java.util.function.Function;

/**
 * The doors to EC2's images, which keep one pace. A class is given the one that it uses: what is
 * given only {@link ImageReads} changes nothing.
 */
public record ImageDoors(ImageReads reads, ImageStarts starts, ImageChanges changes) {
    /** The doors of any Region, at EC2's pace, which read so many at a time. */
    public static ImageDoors of(Function<Region, Ec2Client> ec2, Pace pace, SideBySide sideBySide) {
        PacedCalls calls = new PacedCalls(ec2, pace);
        ImageReads reads = new ImageReads(calls, sideBySide);
        ImageChanges changes = new ImageChanges(calls, reads);
        return new ImageDoors(reads, new ImageStarts(calls, reads, changes), changes);
    }
}
