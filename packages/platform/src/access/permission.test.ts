import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusal } from '../../test/fixture.ts';
import { assertPermission, permissionsOf, platformAccess, type ModuleAccess } from './permission.ts';
import { assertModuleRoles, moduleRolesOf } from './role.ts';

const shop: ModuleAccess = {
  name: 'shop',
  permissions: ['shop:item.read', 'shop:item.change', 'shop:price.change'],
  roles: {
    viewer: ['shop:item.read'],
    clerk: ['shop:item.read', 'shop:item.change'],
  },
};
const modules = [...platformAccess, shop];
const sorted = (permissions: ReadonlySet<string>): string[] => [...permissions].toSorted();

describe('permissionsOf (ACC-1)', () => {
  it('gives owners and admins everything that every module defines', () => {
    const everything = modules.flatMap(({ permissions }) => permissions).toSorted();
    for (const role of ['owner', 'admin'] as const) {
      assert.deepEqual(sorted(permissionsOf({ role, moduleRoles: [] }, modules)), everything);
    }
  });

  it('gives a member the baseline alone', () => {
    assert.deepEqual(sorted(permissionsOf({ role: 'member', moduleRoles: [] }, modules)), [
      'tenants:company.read',
      'tenants:tenant.read',
    ]);
  });

  it('adds what each module role gives', () => {
    const moduleRoles = ['shop:viewer', 'shop:clerk'];
    assert.deepEqual(sorted(permissionsOf({ role: 'member', moduleRoles }, modules)), [
      'shop:item.change',
      'shop:item.read',
      'tenants:company.read',
      'tenants:tenant.read',
    ]);
  });

  it('gives nothing for a role that is unknown, of another module, or of a module not mounted', () => {
    const moduleRoles = ['shop:owner', 'shop', 'clerk', 'audit:clerk', 'shop:__proto__', 'shop:constructor'];
    assert.equal(permissionsOf({ role: 'member', moduleRoles }, modules).size, 2);
    assert.equal(permissionsOf({ role: 'member', moduleRoles: ['shop:clerk'] }, platformAccess).size, 2);
  });

  it('names every permission after its module', () => {
    for (const { name, permissions, roles } of modules) {
      for (const permission of [...permissions, ...Object.values(roles).flat()]) {
        assert.match(permission, /^[a-z-]+:[a-z-]+\.[a-z-]+$/);
        assert.ok(permission.startsWith(`${name}:`));
        assert.ok(permissions.includes(permission), `${permission} is defined`);
      }
    }
  });
});

describe('assertPermission', () => {
  it('refuses what is not held, without telling the user which permission it was', () => {
    const held = permissionsOf({ role: 'member', moduleRoles: ['shop:viewer'] }, modules);
    assertPermission(held, 'shop:item.read');
    assert.throws(
      () => assertPermission(held, 'shop:item.change'),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'permission_refused');
        assert.ok(!error.message.includes('shop'));
        assert.match(String(error.cause), /shop:item\.change/);
        return true;
      },
    );
  });
});

describe('assertModuleRoles', () => {
  it('takes what mounted modules define and refuses the rest', () => {
    assert.deepEqual(moduleRolesOf(modules), ['shop:viewer', 'shop:clerk']);
    assertModuleRoles(['shop:clerk'], modules);
    assert.throws(() => assertModuleRoles(['shop:clerk', 'shop:boss'], modules), refusal('role_invalid'));
  });
});
