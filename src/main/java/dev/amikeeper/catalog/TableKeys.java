package dev.amikeeper.catalog;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The keys of the table; see {@link DynamoDbCatalog}. Each begins with the account. */
record TableKeys(String account) {
    static final String PK = "pk";
    static final String SK = "sk";
    static final String INSTANCE_PK = "gpk";
    static final String INSTANCE_SK = "gsk";

    Map<String, AttributeValue> image(Region region, ImageName name) {
        return key(images(region, name.policy()), byInstance(name));
    }

    String images(Region region, String policy) {
        return account + "/" + region + "/images/" + policy;
    }

    Map<String, AttributeValue> tombstone(Region region, ImageName name) {
        return key(tombstones(region, name.policy()), byInstance(name));
    }

    String tombstones(Region region, String policy) {
        return account + "/" + region + "/removed/" + policy;
    }

    Map<String, AttributeValue> ami(Region region, ImageId id) {
        return key(account + "/" + region + "/ami/" + id, "name");
    }

    Optional<Map<String, AttributeValue>> work(Image image) {
        return Work.of(image).map(kind -> work(image.region(), kind, image.name()));
    }

    Map<String, AttributeValue> work(Region region, Work kind, ImageName name) {
        return key(work(region, kind), bySlot(name));
    }

    String work(Region region, Work kind) {
        return account + "/" + region + "/work/" + kind.key();
    }

    String instance(InstanceId instance) {
        return account + "/instance/" + instance;
    }

    String bookmarks() {
        return account + "/bookmarks";
    }

    String policies() {
        return account + "/policies";
    }

    String gone(Region region) {
        return account + "/gone/" + region;
    }

    String runs(String policy) {
        return account + "/runs/" + policy;
    }

    String marks(String policy) {
        return account + "/marks/" + policy;
    }

    Map<String, AttributeValue> sweep() {
        return key(account + "/sweep", "state");
    }

    Map<String, AttributeValue> prune() {
        return key(account + "/prune", "state");
    }

    Map<String, AttributeValue> restore(String id) {
        return key(restores(id.substring(0, Math.max(0, id.indexOf('/')))), id);
    }

    String restores(String policy) {
        return account + "/restores/" + policy;
    }

    String restoring() {
        return account + "/restoring";
    }

    Map<String, AttributeValue> freeze(Region region, ImageName name) {
        return key(freezes(region), byInstance(name) + "/" + name.policy());
    }

    String freezes(Region region) {
        return account + "/" + region + "/freezes";
    }

    String notices() {
        return account + "/notices";
    }

    String open() {
        return account + "/open";
    }

    String unannounced() {
        return account + "/unannounced";
    }

    /** The partition key for a partition that is given without the account. */
    String partition(String withoutAccount) {
        return account + "/" + withoutAccount;
    }

    /** The key of an item. */
    static Map<String, AttributeValue> of(Map<String, AttributeValue> item) {
        Map<String, AttributeValue> key = new HashMap<>();
        key.put(PK, Objects.requireNonNull(item.get(PK)));
        key.put(SK, Objects.requireNonNull(item.get(SK)));
        return key;
    }

    static Map<String, AttributeValue> key(String pk, String sk) {
        return Map.of(PK, AttributeValue.fromS(pk), SK, AttributeValue.fromS(sk));
    }

    private static String byInstance(ImageName name) {
        return name.instance() + "/" + name.slot();
    }

    private static String bySlot(ImageName name) {
        return name.slot() + "/" + name.policy() + "/" + name.instance();
    }
}
