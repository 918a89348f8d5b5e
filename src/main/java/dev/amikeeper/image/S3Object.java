package dev.amikeeper.image;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An object in S3 that holds an image, as {@code s3://archive/ami-0abcdef1234567890.bin}. */
public record S3Object(String bucket, String key) {
    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
    private static final Pattern KEY = Pattern.compile("(?:.*/)?(ami-[0-9a-z]{1,40})\\.bin");
    private static final String SCHEME = "s3://";
    private static final int LONGEST_KEY = 1024;

    /**
     * Checks the form.
     *
     * @throws IllegalArgumentException if no bucket can have this name, or if EC2 would not have
     *     given an image this key
     */
    public S3Object {
        if (!isBucket(bucket)) {
            throw new IllegalArgumentException(
                    "not a bucket's name: "
                            + Texts.quoted(bucket)
                            + "; it has 3 to 63 of a-z, 0-9, . and -");
        }
        if (key.length() > LONGEST_KEY || !KEY.matcher(key).matches()) {
            throw new IllegalArgumentException(
                    "not a stored image: " + Texts.quoted(key) + "; its key ends in ami-….bin");
        }
    }

    /** Where EC2 stores this image; EC2 chooses the key itself. */
    public static S3Object of(String bucket, ImageId image) {
        return new S3Object(bucket, image + ".bin");
    }

    /**
     * Reads an address, {@code s3://bucket/key}.
     *
     * @throws IllegalArgumentException if the text is not such an address
     */
    public static S3Object parse(String address) {
        int slash = address.indexOf('/', SCHEME.length());
        if (!address.startsWith(SCHEME) || slash < 0) {
            throw new IllegalArgumentException(
                    "not an object in S3: "
                            + Texts.quoted(address)
                            + "; write it as s3://bucket/ami-0abc.bin");
        }
        return new S3Object(
                address.substring(SCHEME.length(), slash), address.substring(slash + 1));
    }

    /** Whether S3 accepts this as a bucket's name. */
    public static boolean isBucket(String name) {
        return BUCKET.matcher(name).matches() && !name.contains("..");
    }

    /** The image that was stored. Its id is gone for good, but identifies the object. */
    public ImageId image() {
        Matcher form = KEY.matcher(key);
        return Optional.of(form)
                .filter(Matcher::matches)
                .map(it -> new ImageId(it.group(1)))
                .orElseThrow();
    }

    @Override
    public String toString() {
        return SCHEME + bucket + "/" + key;
    }
}
