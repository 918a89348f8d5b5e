package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.Snapshot;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The account's S3 buckets, each in its Region, as far as stored images need them. */
final class SimulatedBuckets {
    private final Map<String, Bucket> buckets = new HashMap<>();

    private record Bucket(String region, SortedMap<String, StoredImage> objects) {}

    /**
     * An image as an object: everything except its id and its sharing.
     *
     * @param snapshots by device, with their tags
     */
    record StoredImage(Image image, Map<String, Snapshot> snapshots, Optional<String> origin) {}

    void add(String name, String region) {
        buckets.putIfAbsent(name, new Bucket(region, new TreeMap<>()));
    }

    /** Refuses a bucket that does not exist or is not in this Region. */
    void require(String name, String region) {
        Bucket bucket = buckets.get(name);
        if (bucket == null || !bucket.region().equals(region)) {
            throw Ec2Errors.invalidValue("The bucket '" + name + "' is not in " + region);
        }
    }

    void put(String bucket, String key, StoredImage image) {
        objects(bucket).put(key, image);
    }

    Optional<StoredImage> find(String bucket, String key) {
        return Optional.ofNullable(objects(bucket).get(key));
    }

    /** Copies an object to a bucket of any Region, as S3's CopyObject does. */
    void copy(String from, String key, String to) {
        put(to, key, find(from, key).orElseThrow(() -> missing(from, key)));
    }

    void delete(String bucket, String key) {
        objects(bucket).remove(key);
    }

    List<String> keys(String bucket) {
        return List.copyOf(objects(bucket).keySet());
    }

    static RuntimeException missing(String bucket, String key) {
        return Ec2Errors.invalidValue("No object " + key + " in bucket " + bucket);
    }

    private SortedMap<String, StoredImage> objects(String bucket) {
        Bucket found = buckets.get(bucket);
        if (found == null) {
            throw Ec2Errors.invalidValue("No bucket " + bucket);
        }
        return found.objects();
    }
}
